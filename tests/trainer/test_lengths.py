"""What would cut off too much is refused before it trains."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation import handoff
from trainer import lengths
from trainer.errors import TrainerError
from trainer.lengths import Lengths

pytestmark = pytest.mark.django_db


class TestLengths:
    def test_more_than_the_base_reads_is_refused(self, request_run, base, tmp_path):
        base.location = str(tmp_path)
        base.save()
        (tmp_path / "config.json").write_text('{"max_position_embeddings": 48}')

        with pytest.raises(TrainerError, match="reads 48 tokens at most"):
            request_run(max_length=64)
        assert request_run(max_length=48)

    @pytest.mark.parametrize("content", ["", "[]", '{"max_position_embeddings": "many"}'])
    def test_an_odd_config_says_nothing(self, request_run, base, tmp_path, content):
        base.location = str(tmp_path)
        base.save()
        (tmp_path / "config.json").write_text(content)

        assert request_run(max_length=64)

    def test_what_would_cut_nearly_all_is_refused(self, request_run, monkeypatch):
        def measured(*tokens):
            found = Lengths(tokens)
            monkeypatch.setattr(
                "trainer.lengths.measure", lambda base, version, table: found
            )

        measured(*range(100, 120))
        with pytest.raises(TrainerError, match="20 of the 20 examples looked at"):
            request_run(max_length=64)
        measured(40, 50, *range(100, 110))
        assert request_run(max_length=64)

    @pytest.mark.parametrize("content", ["", "{", '{"model": {"type": "none"}}'])
    def test_a_malformed_tokenizer_counts_nothing(
        self, client, curator, frozen, base, folders, tmp_path, content
    ):
        base.location = str(tmp_path)
        base.save()
        (tmp_path / "tokenizer.json").write_text(content)
        client.force_login(curator)

        assert client.get(reverse("trainer:launch")).status_code == 200
        assert lengths.measure(base, handoff.frozen(frozen.pk), "") is None

    def test_they_are_counted_by_the_tokenizer_of_the_base(
        self, preferred, base, folders, tmp_path
    ):
        from tokenizers import Tokenizer, models, pre_tokenizers

        words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        words.pre_tokenizer = pre_tokenizers.Whitespace()
        words.save(str(tmp_path / "tokenizer.json"))
        base.location = str(tmp_path)
        version = handoff.frozen(preferred.pk)

        examples = lengths.measure(base, version, "")
        pairs = lengths.measure(base, version, "pairs")

        assert len(examples.tokens) == version.train_count
        counts = handoff.row_counts(preferred.pk)
        assert len(pairs.tokens) == 2 * counts["pairs_train"]
        assert examples.over(0) == len(examples.tokens)
        assert examples.middle <= examples.long <= examples.tokens[-1]
