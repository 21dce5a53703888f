"""Requests: tried again where that may help, and otherwise refused in words."""

from __future__ import annotations

import time
from email.utils import formatdate

import httpx
import pytest

from winnow import (
    BadRequest,
    Forbidden,
    NotFound,
    Problem,
    Refused,
    TooMany,
    Unauthorized,
    Unavailable,
    Unreachable,
    Winnow,
    WinnowError,
)

URL = "https://winnow.example"


class Server:
    """Answers with these in turn; an exception is raised, a function is asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.waited = list(answers), [], []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def winnow(self, monkeypatch):
        monkeypatch.setattr("winnow.wire.sleep", self.waited.append)
        return Winnow(URL, "winnow_x", transport=httpx.MockTransport(self))


def ok(body=None, **headers):
    return httpx.Response(200, json=body or {"name": "Ada"}, headers=headers)


def refusal(status, detail="No.", headers=None, **more):
    body = {"status": status, "detail": detail, **more}
    return httpx.Response(status, json=body, headers=headers)


def test_what_passes_is_tried_again_and_the_key_goes_along(monkeypatch):
    server = Server(refusal(503), httpx.ConnectError("gone"), refusal(502), ok())

    assert server.winnow(monkeypatch).me()["name"] == "Ada"

    assert len(server.asked) == 4
    assert {one.headers["Authorization"] for one in server.asked} == {"Bearer winnow_x"}
    first, second, third = server.waited
    assert 0.25 <= first <= 0.5 <= second <= 1.0 <= third <= 2.0


def test_what_is_written_is_sent_again_under_one_key(monkeypatch):
    run = {"id": 7, "state": "queued"}
    server = Server(ok(run), httpx.ReadError("cut"), refusal(503), ok(run), ok(run))
    there = server.winnow(monkeypatch).run(7)

    there.cancel()
    there.cancel()

    keys = [one.headers.get("Idempotency-Key") for one in server.asked]
    assert keys[0] is None
    assert keys[1] == keys[2] == keys[3] != keys[4]


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [("7", 7, 7), (lambda: formatdate(time.time() + 50, usegmt=True), 40, 51)],
)
def test_a_server_that_says_when_is_believed(monkeypatch, said, least, most):
    after = said() if callable(said) else said
    server = Server(refusal(429, headers={"Retry-After": after}), ok())

    server.winnow(monkeypatch).me()

    assert least <= server.waited[0] <= most


@pytest.mark.parametrize("said", ["soon", "", "-3"])
def test_an_odd_time_is_as_none(monkeypatch, said):
    server = Server(refusal(429, headers={"Retry-After": said}), ok())
    server.winnow(monkeypatch).me()

    assert server.waited[0] <= 0.5


def test_nobody_waits_for_an_hour(monkeypatch):
    server = Server(refusal(429, "Later.", headers={"Retry-After": "3600"}))

    with pytest.raises(TooMany, match="Later") as caught:
        server.winnow(monkeypatch).me()

    assert (caught.value.retry_after, server.waited) == (3600, [])


def test_in_the_end_it_gives_up(monkeypatch):
    server = Server(*[httpx.ConnectError("no route")] * 6)
    with pytest.raises(Unreachable, match=r"winnow\.example does not answer: no route"):
        server.winnow(monkeypatch).me()
    assert (len(server.asked), len(server.waited)) == (6, 5)

    server = Server(*[refusal(503, "The store does not answer.")] * 6)
    with pytest.raises(Unavailable, match="The store"):
        server.winnow(monkeypatch).me()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (404, NotFound),
     (409, Refused), (413, BadRequest), (422, Refused), (500, Unavailable)],
)  # fmt: skip
def test_a_refusal_is_not_tried_again(monkeypatch, status, kind):
    errors = [{"field": "config.steps", "detail": "Too many."}]
    server = Server(refusal(status, "config.steps: Too many.", errors=errors))

    with pytest.raises(kind) as caught:
        server.winnow(monkeypatch).me()

    problem = caught.value
    assert isinstance(problem, Problem) and len(server.asked) == 1
    assert (str(problem), problem.status) == ("config.steps: Too many.", status)
    assert problem.errors[0].field == "config.steps"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(403, text="<html>No</html>"), "403 Forbidden"),
        (httpx.Response(400, json=["odd"]), "400 Bad Request"),
        (httpx.Response(301, headers={"Location": "https://other/"}), "https://other/"),
    ],
)
def test_an_answer_of_something_else_between_is_told_plainly(monkeypatch, answer, said):
    with pytest.raises(Problem, match=said):
        Server(answer).winnow(monkeypatch).me()


def test_a_page_in_place_of_an_answer_is_told(monkeypatch):
    server = Server(httpx.Response(200, text="<html>Please sign in</html>"))

    with pytest.raises(WinnowError, match="not as Winnow does"):
        server.winnow(monkeypatch).me()


def test_pages_are_fetched_as_one_goes(monkeypatch):
    def page(rows, cursor):
        following = (
            f"http://inside:8000/api/v1/datasets/?cursor={cursor}" if cursor else None
        )
        return ok({"next": following, "results": [{"slug": row} for row in rows]})

    server = Server(page("ab", "x%3D"), page("c", None))
    listed = server.winnow(monkeypatch).datasets()

    assert [next(listed)["slug"], next(listed)["slug"]] == ["a", "b"]
    assert len(server.asked) == 1
    assert [one["slug"] for one in listed] == ["c"]
    # What the server thinks its own address is, it is not asked there.
    assert str(server.asked[1].url) == f"{URL}/api/v1/datasets/?cursor=x%3D"


def test_names_stay_inside_their_address(monkeypatch):
    server = Server(refusal(404))
    with pytest.raises(NotFound):
        server.winnow(monkeypatch).dataset("../me?x=1").facts()
    assert server.asked[0].url.raw_path == b"/api/v1/datasets/..%2Fme%3Fx%3D1/"
