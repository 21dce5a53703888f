"""What is asked of an embedder, and which answers are taken for one."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from curation.clean.calls import Refused
from curation.clean.check import Unavailable
from curation.clean.embedders import BEGINNING, OverHttp, embedded, vectors_in

ADDRESS = "http://embedder.test/v1/embeddings"


def answering(answer, **fields):
    return OverHttp(
        address=ADDRESS, name="small", transport=httpx.MockTransport(answer), **fields
    )


def rows(*vectors):
    return [{"index": n, "embedding": v} for n, v in enumerate(vectors)]


def lengths(request):
    """A vector for each text that tells how long it was."""
    texts = json.loads(request.content)["input"]
    return httpx.Response(200, json={"data": rows(*([len(t), 1.0] for t in texts))})


def test_texts_model_and_key_are_sent():
    def answer(request):
        assert json.loads(request.content) == {
            "model": "small", "input": ["Grüße", "x"], "encoding_format": "float"
        }  # fmt: skip
        assert request.headers["authorization"] == "Bearer hush"
        return httpx.Response(200, json={"data": rows([3, 4], [0, 2])})

    found = answering(answer, token="hush")(["Grüße", "x"])

    assert np.allclose(found, [[0.6, 0.8], [0, 1]])


def test_vectors_are_put_in_the_order_of_their_texts():
    answer = json.dumps({"data": rows([1, 0], [0, 1])[::-1]}).encode()

    assert vectors_in(answer, 2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"{}", b'{"data": 1}', b'{"data": []}', b"[" * 60_000, b"\xff",
        b'{"data": [{"index": 0, "embedding": "long"}]}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": [0, 0]}]}',
        b'{"data": [{"index": 0, "embedding": [1, NaN]}]}',
        b'{"data": [{"index": 0, "embedding": [1, 1e999]}]}',
        b'{"data": [{"index": 0, "embedding": [1, null]}]}',
        b'{"data": [{"index": 0, "embedding": [[1], [2]]}]}',
        b'{"data": [{"index": 1, "embedding": [1, 2]}]}',
        json.dumps({"data": rows([1.0] * 4_001)}).encode(),
    ],
)  # fmt: skip
def test_an_answer_without_vectors_is_no_answer(answer):
    with pytest.raises(Unavailable):
        vectors_in(answer, 1)


def test_vectors_of_different_lengths_are_no_answer():
    with pytest.raises(Unavailable):
        vectors_in(json.dumps({"data": rows([1, 2], [1, 2, 3])}).encode(), 2)


def moved(request):
    assert request.url == ADDRESS, "a text was sent elsewhere"
    return httpx.Response(307, headers={"location": "http://elsewhere.test/"})


def late(request):
    raise httpx.ReadTimeout("too late", request=request)


def endless(request):
    return httpx.Response(200, content=(b" " * 100_000 for _ in range(1_000_000)))


@pytest.mark.parametrize(
    "answer",
    [moved, late, endless, *(lambda r, s=s: httpx.Response(s) for s in (401, 500))],
)
def test_one_that_gives_no_answer_is_unavailable_and_refuses_nothing(answer):
    with pytest.raises(Unavailable) as raised:
        answering(answer)(["Hello"])

    assert not isinstance(raised.value, Refused)


def refusing(from_length):
    def answer(request):
        if any(len(text) >= from_length for text in json.loads(request.content)["input"]):
            return httpx.Response(413)
        return lengths(request)

    return answering(answer)


def test_of_a_text_that_is_too_long_its_beginning_is_taken():
    found = embedded(refusing(BEGINNING + 1), ["short", "x" * 5_000])

    assert [round(one[0] / one[1]) for one in found] == [5, BEGINNING]


def test_a_text_that_is_refused_by_itself_has_no_vector_and_the_others_have():
    found = embedded(refusing(500), ["short", "x" * 600])

    assert found[0] is not None
    assert found[1] is None


def test_where_any_text_is_refused_it_is_not_the_text():
    with pytest.raises(Refused):
        embedded(refusing(0), ["short"])
