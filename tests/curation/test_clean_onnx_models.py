from __future__ import annotations

from base64 import b64decode

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from curation.clean.check import Reading, Unavailable
from curation.clean.classifiers import check_by
from curation.clean.onnx_models import OnnxModel

# 8 if the text has "idiot" or "stupid" in it, less 4.
OF_TEXT = (
    "CAkSADqWAgpGCgR0ZXh0EgNoaXQiDlJlZ2V4RnVsbE1hdGNoKikKB3BhdHRlcm4iGyg/aXMpLipcYihpZGlv"
    "dHxzdHVwaWQpXGIuKqABAwoZCgNoaXQSAWYiBENhc3QqCQoCdG8YAaABAgoqEgVlaWdodCIIQ29uc3RhbnQq"
    "FwoFdmFsdWUqCxABIgQAAABBQgF2oAEECikSBGZvdXIiCENvbnN0YW50KhcKBXZhbHVlKgsQASIEAACAQEIB"
    "d6ABBAoSCgFmCgVlaWdodBIBbSIDTXVsChYKAW0KBGZvdXISBmxvZ2l0cyIDU3ViEgRydWRlWhIKBHRleHQS"
    "CgoICAgSBAoCCAFiFAoGbG9naXRzEgoKCAgBEgQKAggBQgQKABAU"
)
# Of two, the first is 8 if a token has the number 1; else the second.
OF_TOKENS = (
    "CAgSADrNAgolEgNvbmUiCENvbnN0YW50KhQKBXZhbHVlKggQBzoBAUIBdqABBAocCglpbnB1dF9pZHMKA29u"
    "ZRIDaGl0IgVFcXVhbAoZCgNoaXQSAWYiBENhc3QqCQoCdG8YAaABAgokCgFmEgN0b3AiCVJlZHVjZU1heCoP"
    "CghrZWVwZGltcxgBoAECCioSBWVpZ2h0IghDb25zdGFudCoXCgV2YWx1ZSoLEAEiBAAAAEFCAXegAQQKFwoD"
    "dG9wCgVlaWdodBIEcnVkZSIDTXVsChgKBWVpZ2h0CgRydWRlEgRraW5kIgNTdWIKKQoEcnVkZQoEa2luZBIG"
    "bG9naXRzIgZDb25jYXQqCwoEYXhpcxgBoAECEgNpZHNaHAoJaW5wdXRfaWRzEg8KDQgHEgkKAggBCgMSAW5i"
    "GAoGbG9naXRzEg4KDAgBEggKAggBCgIIAkIECgAQEQ=="
)


@pytest.fixture
def of_text(tmp_path):
    path = tmp_path / "rude.onnx"
    path.write_bytes(b64decode(OF_TEXT))
    return path


def test_a_model_that_takes_text_becomes_a_check(of_text):
    check = check_by(OnnxModel(of_text, ["rude"]), name="tone", version=2, label="Tone")

    assert list(check.see(Reading("Have a good day,\nsir."))) == []
    assert [
        (s.check, s.version, round(s.score, 2)) for s in check.see(Reading("You idiot!"))
    ] == [("tone.rude", 2, 0.98)]


def test_a_model_that_takes_tokens_has_its_tokenizer_beside_it(tmp_path):
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "idiot": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokens.onnx").write_bytes(b64decode(OF_TOKENS))
    model = OnnxModel(
        tmp_path / "tokens.onnx",
        ["rude", "kind"],
        tokenizer=tmp_path / "tokenizer.json",
        one_of_many=True,
    )

    assert model("You idiot")["rude"] > 0.99
    assert model("You genius")["kind"] > 0.99


def test_a_model_that_cannot_be_read_is_unavailable(tmp_path, of_text):
    (tmp_path / "torn.onnx").write_bytes(b"torn")

    for path in (tmp_path / "torn.onnx", tmp_path / "missing.onnx"):
        with pytest.raises(Unavailable, match=path.name):
            OnnxModel(path, ["rude"])("Hello")
    with pytest.raises(Unavailable, match="outputs"):
        OnnxModel(of_text, ["rude", "kind"])("Hello")
