"""An embedder in a folder, by a model of two numbers."""

from __future__ import annotations

from base64 import b64decode

import numpy as np
import pytest
from django.core.cache import caches
from tokenizers import Tokenizer, models, pre_tokenizers

from curation import neighbours
from curation.actions import vectors
from curation.clean.check import Unavailable
from curation.clean.onnx_embedder import OnnxEmbedder
from curation.models import Vector
from tests.factories import MessageFactory

# Of each token a row: nothing for number 0, (3, 0) for number 1, (0, 1) for number 2.
OF_TOKENS = (
    "CAg6pQEKLQoFdGFibGUKCWlucHV0X2lkcxIRbGFzdF9oaWRkZW5fc3RhdGUiBkdhdGhlchIBZyonCAMIAhAB"
    "QgV0YWJsZUoYAAAAAAAAAAAAAEBAAAAAAAAAAAAAAIA/Wh0KCWlucHV0X2lkcxIQCg4IBxIKCgMSAWIKAxIB"
    "dGIpChFsYXN0X2hpZGRlbl9zdGF0ZRIUChIIARIOCgMSAWIKAxIBdAoCCAJCBAoAEA0="
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b64decode(OF_TOKENS))
    known = {"[PAD]": 0, "kite": 1, "owl": 2}
    words = Tokenizer(models.WordLevel(known, unk_token="kite"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_vector_is_the_mean_over_the_tokens_of_a_text(folder):
    found = OnnxEmbedder(folder, "small")(["kite", "owl owl kite owl"])

    # The first is filled up with tokens that do not count.
    assert np.allclose(found, [[1, 0], [0.5**0.5, 0.5**0.5]], atol=1e-6)


def test_a_folder_without_a_model_is_unavailable(tmp_path, folder):
    (folder / "model.onnx").unlink()
    for one in (tmp_path / "nowhere", folder):
        with pytest.raises(Unavailable, match=one.name):
            OnnxEmbedder(one, "small")(["kite"])


@pytest.mark.django_db
def test_texts_are_compared_without_leaving_the_machine(folder, settings):
    caches["own"].clear()
    settings.EMBEDDER, settings.EMBEDDER_MODEL = str(folder), "small"
    kite = MessageFactory(text="kite kite")
    dataset = kite.conversation.dataset
    owl = MessageFactory(text="owl", conversation__dataset=dataset)
    nothing = MessageFactory(text="[PAD]", conversation__dataset=dataset)

    assert vectors.catch_up().embedded == 3

    assert neighbours.of_words(dataset, "owl") == [owl.pk, kite.pk]
    assert Vector.objects.get(message=nothing).numbers is None


@pytest.mark.django_db
def test_a_process_without_the_extra_starts_and_says_so(folder, settings, monkeypatch):
    monkeypatch.setattr(neighbours, "LOCAL", "curation.clean.not_installed")
    settings.EMBEDDER, settings.EMBEDDER_MODEL = str(folder), "smaller"

    assert "“onnx” is not installed" in vectors.catch_up().problem
    assert Vector.objects.count() == 0
