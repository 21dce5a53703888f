"""Downloads that go on where they broke off."""

from __future__ import annotations

import io

import pytest
from django.test import RequestFactory

from curation import partial

pytestmark = pytest.mark.django_db  # an answer that is closed looks at the connection
BYTES = bytes(range(100))
TAG = '"abc"'


def asked(method="get", content=BYTES, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = getattr(RequestFactory(), method)("/", headers=given)
    is_sent = partial.needs_bytes(request, size=len(content), tag="abc")
    file = io.BytesIO(content if is_sent else b"")
    answer = partial.answer(
        request, file, name="a.bin", size=len(content), tag="abc",
        kind="application/octet-stream",
    )  # fmt: skip
    body = b"".join(answer) if answer.streaming else answer.content
    answer.close()
    assert file.closed
    assert is_sent == (method == "get" and answer.status_code in (200, 206))
    return answer, body


def test_without_a_range_all_of_it_comes():
    answer, body = asked()

    assert (answer.status_code, body) == (200, BYTES)
    assert answer["Content-Length"] == "100"
    assert (answer["ETag"], answer["Accept-Ranges"]) == (TAG, "bytes")
    assert answer["Content-Disposition"] == 'attachment; filename="a.bin"'


@pytest.mark.parametrize(
    ("part", "told", "wanted"),
    [
        ("bytes=0-9", "bytes 0-9/100", BYTES[:10]),
        ("bytes=40-", "bytes 40-99/100", BYTES[40:]),
        ("bytes=40-4000", "bytes 40-99/100", BYTES[40:]),
        ("bytes=99-99", "bytes 99-99/100", BYTES[99:]),
        ("bytes=-5", "bytes 95-99/100", BYTES[-5:]),
        ("bytes=-500", "bytes 0-99/100", BYTES),
    ],
)
def test_a_part_comes_alone(part, told, wanted):
    answer, body = asked(range=part)

    assert (answer.status_code, body) == (206, wanted)
    assert answer["Content-Range"] == told
    assert answer["Content-Length"] == str(len(wanted))


@pytest.mark.parametrize("part", ["bytes=100-", "bytes=9999999999999999999-", "bytes=-0"])
def test_what_lies_beyond_the_end_is_told_so(part):
    answer, body = asked(range=part)

    assert (answer.status_code, body) == (416, b"")
    assert answer["Content-Range"] == "bytes */100"


@pytest.mark.parametrize(
    "part",
    ["bytes=9-3", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=1-2,5-6", "bytes=٣-٤",
     "bytes=" + "9" * 5000 + "-"],
)  # fmt: skip
def test_an_odd_range_is_as_none(part):
    answer, body = asked(range=part)

    assert (answer.status_code, body) == (200, BYTES)


def test_a_part_of_another_file_is_not_sent():
    assert asked(range="bytes=40-", if_range=TAG)[0].status_code == 206
    assert asked(range="bytes=40-", if_range='"other"')[1] == BYTES


def test_who_has_it_already_gets_nothing():
    for known in (TAG, f"W/{TAG}", f'"x", {TAG}'):
        answer, body = asked(if_none_match=known)
        assert (answer.status_code, body, answer["ETag"]) == (304, b"", TAG)
    assert asked(if_none_match='"x"')[0].status_code == 200


def test_an_empty_file_has_no_parts():
    assert asked(content=b"")[1] == b""
    assert asked(content=b"", range="bytes=0-")[0].status_code == 416


def test_who_asks_for_no_bytes_hears_how_many_there_are():
    answer, body = asked("head", range="bytes=0-9")

    assert (answer.status_code, body) == (200, b"")
    assert (answer["Content-Length"], answer["ETag"]) == ("100", TAG)
    assert answer["Content-Disposition"] == 'attachment; filename="a.bin"'
