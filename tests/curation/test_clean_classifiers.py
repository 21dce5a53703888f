from __future__ import annotations

import json

import httpx
import pytest

from curation.clean.check import Reading, Unavailable
from curation.clean.classifiers import OverHttp, check_by, scores_in

ADDRESS = "http://classifier.test/scores"


def answering(answer, **fields):
    return OverHttp(address=ADDRESS, transport=httpx.MockTransport(answer), **fields)


def scores(**found):
    return lambda request: httpx.Response(200, json={"scores": found})


def toxicity(classify, **fields):
    return check_by(classify, name="toxicity", version=4, label="Toxicity", **fields)


def test_scores_from_the_threshold_on_become_sightings():
    check = toxicity(answering(scores(toxic=0.97, insult=0.5, threat=0.49)))

    seen = [(s.check, s.version, s.score) for s in check.see(Reading("You fool"))]

    assert seen == [("toxicity.toxic", 4, 0.97), ("toxicity.insult", 4, 0.5)]


def test_it_is_never_asked_while_somebody_waits():
    assert toxicity(answering(scores())).is_slow


def test_labels_become_names_that_the_record_can_store():
    check = toxicity(answering(lambda request: httpx.Response(200, json={
        "scores": {"Severe Toxicity / very long": 0.9}
    })))  # fmt: skip

    assert [s.check for s in check.see(Reading("x"))] == ["toxicity.severe_toxicity_"]


def test_the_text_and_the_token_are_sent():
    def answer(request):
        assert json.loads(request.content) == {"text": "Grüße"}
        assert request.headers["authorization"] == "Bearer hush"
        return httpx.Response(200, json={"scores": {"toxic": 0.25}})

    assert answering(answer, token="hush")("Grüße") == {"toxic": 0.25}


def late(request):
    raise httpx.ReadTimeout("too late", request=request)


def away(request):
    raise httpx.ConnectError("nobody there", request=request)


def moved(request):
    assert request.url == ADDRESS, "a text was sent elsewhere"
    return httpx.Response(307, headers={"location": "http://elsewhere.test/"})


def endless(request):
    return httpx.Response(200, content=(b" " * 10_000 for _ in range(1_000_000)))


@pytest.mark.parametrize(
    "answer", [late, away, moved, endless, lambda request: httpx.Response(500)]
)
def test_one_that_gives_no_answer_is_unavailable(answer):
    with pytest.raises(Unavailable):
        answering(answer)("Hello")


def test_one_that_trickles_is_not_waited_for():
    def trickle(request):
        return httpx.Response(200, content=(b" " for _ in range(100)))

    with pytest.raises(Unavailable, match="too long"):
        answering(trickle, seconds=0)("Hello")


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"{}", b'{"scores": 1}', b'{"scores": {"toxic": "high"}}',
        b'{"scores": {"toxic": 2}}', b'{"scores": {"toxic": NaN}}', b"\xff",
        b'{"scores": {"toxic": null}}', b"[" * 60_000,
    ],
)  # fmt: skip
def test_an_answer_without_scores_is_no_answer(answer):
    with pytest.raises(Unavailable):
        scores_in(answer)


def test_an_address_that_is_none_is_unavailable():
    with pytest.raises(Unavailable):
        OverHttp(address="not an address")("Hello")
