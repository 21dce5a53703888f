"""Downloads come whole or not at all, and go on where they broke off."""

from __future__ import annotations

import hashlib

import httpx
import pytest

from tests.client.test_wire import Server
from winnow import NotFound, Unreachable, WinnowError, WrongHash
from winnow.downloads import File, download, fetch

BYTES = bytes(range(256)) * 100
SHA = hashlib.sha256(BYTES).hexdigest()
TAG = f'"{SHA}"'


class Cut(httpx.SyncByteStream):
    """Breaks off after so many bytes."""

    def __init__(self, content, after):
        self.content, self.after = content, after

    def __iter__(self):
        yield self.content[: self.after]
        if self.after < len(self.content):
            raise httpx.ReadError("the line was cut")


def sends(content=BYTES, tag=TAG, after=1 << 30):
    """A server that knows ranges, of this file, and breaks off so far on."""

    def answer(request):
        wanted = request.headers.get("Range", "")
        is_same = request.headers.get("If-Range", tag) == tag
        begin = int(wanted[6:-1]) if wanted and is_same else 0
        if begin and begin >= len(content):
            return httpx.Response(416)
        status = 206 if begin else 200
        return httpx.Response(
            status, headers={"ETag": tag}, stream=Cut(content[begin:], after)
        )

    return answer


def wire(server, monkeypatch):
    return server.winnow(monkeypatch)._wire


def parts(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_broke_off_goes_on(monkeypatch, tmp_path):
    server, seen = Server(sends(after=9_000), sends(after=9_000), sends()), []
    there = tmp_path / "a.bin"

    download(wire(server, monkeypatch), "x/", there, sha256=SHA, took=seen.append)

    assert (there.read_bytes() == BYTES, parts(tmp_path)) == (True, ["a.bin"])
    ranges = [one.headers.get("Range") for one in server.asked]
    assert ranges == [None, "bytes=9000-", "bytes=18000-"]
    assert seen[-1] == len(BYTES)
    assert len(server.waited) == 2


def test_tomorrow_it_goes_on_too(monkeypatch, tmp_path):
    there = tmp_path / "a.bin"
    cut = Server(sends(after=700), *[httpx.ConnectError("gone")] * 9)
    with pytest.raises(Unreachable):
        download(wire(cut, monkeypatch), "x/", there, sha256=SHA)
    assert parts(tmp_path) == ["a.bin.part", "a.bin.part.tag"]

    server = Server(sends())
    download(wire(server, monkeypatch), "x/", there, sha256=SHA)

    assert server.asked[0].headers["Range"] == "bytes=700-"
    assert there.read_bytes() == BYTES


def test_of_another_file_by_now_nothing_is_gone_on_with(monkeypatch, tmp_path):
    there = tmp_path / "a.bin"
    other = sends(b"x" * 9000, '"old"', after=700)
    with pytest.raises(Unreachable):
        cut = Server(other, *[httpx.ConnectError("gone")] * 9)
        download(wire(cut, monkeypatch), "x/", there, sha256=SHA)

    download(wire(Server(sends()), monkeypatch), "x/", there, sha256=SHA)

    assert there.read_bytes() == BYTES


def test_all_of_it_came_and_then_the_end_was_lost(monkeypatch, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(BYTES)
    (tmp_path / "a.bin.part.tag").write_text(TAG)

    download(wire(Server(sends()), monkeypatch), "x/", tmp_path / "a.bin", sha256=SHA)

    assert parts(tmp_path) == ["a.bin"]


def test_a_slow_line_may_break_as_often_as_something_comes(monkeypatch, tmp_path):
    server = Server(*[sends(after=1_000)] * 26)

    download(wire(server, monkeypatch), "x/", tmp_path / "a.bin", sha256=SHA)

    assert len(server.asked) == 26


def test_other_bytes_are_not_kept(monkeypatch, tmp_path):
    spoilt = BYTES[:-1] + b"x"
    for content, tag, sha in ((spoilt, TAG, SHA), (spoilt, TAG, "")):
        with pytest.raises(WrongHash, match=r"a\.bin came with"):
            server = Server(sends(content, tag))
            download(wire(server, monkeypatch), "x/", tmp_path / "a.bin", sha256=sha)
        assert parts(tmp_path) == []


def test_what_is_there_is_compared_and_not_fetched(monkeypatch, tmp_path):
    there = tmp_path / "a.bin"
    there.write_bytes(BYTES)
    server = Server()
    download(wire(server, monkeypatch), "x/", there, sha256=SHA)
    assert server.asked == []

    there.write_bytes(b"spoilt")
    download(wire(Server(sends()), monkeypatch), "x/", there, sha256=SHA)
    assert there.read_bytes() == BYTES


def test_a_refusal_is_told_and_a_passing_one_waited_for(monkeypatch, tmp_path):
    gone = httpx.Response(404, json={"detail": "Not found."})
    with pytest.raises(NotFound, match="Not found"):
        download(wire(Server(gone), monkeypatch), "x/", tmp_path / "a.bin")

    busy = httpx.Response(503, headers={"Retry-After": "3"})
    server = Server(busy, sends())
    download(wire(server, monkeypatch), "x/", tmp_path / "a.bin")
    assert server.waited == [3.0]


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "", "..", ".ssh", "a/b"])
def test_a_name_does_not_lead_elsewhere(monkeypatch, tmp_path, name):
    with pytest.raises(WinnowError, match="no plain name"):
        there = wire(Server(), monkeypatch)
        fetch(there, "x/", tmp_path, File(name, 1, SHA), progress=False)
