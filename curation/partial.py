"""A file as an answer, whole or the part that is asked for: a download that broke off goes
on where it stopped (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

ONE_PART = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class _Part:
    """So many bytes of a file from where it stands, for FileResponse to read and close."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int) -> bytes:
        block = self.file.read(min(size, self.left))
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.file.close()


def may_do_without(request: HttpRequest) -> bool:
    """Whether it is worth to know size and tag first: often no byte is sent then."""
    asked = {"Range", "If-None-Match"} & set(request.headers)
    return request.method == "HEAD" or bool(asked)


def needs_bytes(request: HttpRequest, *, size: int, tag: str) -> bool:
    """Whether any of the file is sent: where not, an empty one will do for the answer."""
    etag = f'"{tag}"'
    if request.method == "HEAD" or etag in _tags(request.headers.get("If-None-Match", "")):
        return False
    part = _asked(request, etag)
    return part is None or _place(part, size) is not None


def answer(
    request: HttpRequest, file: BinaryIO, *, name: str, size: int, tag: str, kind: str
) -> HttpResponseBase:
    """Send an open file, or the one part that `Range` names; it is closed in the end.

    `tag` must be another one whenever a byte is another: a hash of the content, at best.
    Several parts at once are answered with the whole, as the standard allows.
    """
    etag = f'"{tag}"'
    if etag in _tags(request.headers.get("If-None-Match", "")):
        file.close()
        return _marked(HttpResponse(status=304), etag)
    begins, ends = 0, size - 1
    if part := _asked(request, etag):
        found = _place(part, size)
        if found is None:
            file.close()
            beyond = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
            return _marked(beyond, etag)
        begins, ends = found
    file.seek(begins)
    length = ends - begins + 1
    sent = FileResponse(
        _Part(file, length), as_attachment=True, filename=name, content_type=kind
    )
    sent["Content-Length"] = str(length)
    if part:
        sent.status_code = 206
        sent["Content-Range"] = f"bytes {begins}-{ends}/{size}"
    return _marked(sent, etag)


def stream(
    request: HttpRequest, content: Iterable[str | bytes], *, name: str, kind: str
) -> StreamingHttpResponse:
    """Send what is made while it is sent: nothing of it for who asks by HEAD."""
    return StreamingHttpResponse(
        content if request.method != "HEAD" else (),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _marked(answer: HttpResponseBase, etag: str) -> HttpResponseBase:
    answer["ETag"], answer["Accept-Ranges"] = etag, "bytes"
    # Packed on the way it would have other bytes, and no part of it a place.
    answer["Content-Encoding"] = "identity"
    return answer


def _tags(header: str) -> list[str]:
    return [one.strip().removeprefix("W/") for one in header.split(",")]


def _asked(request: HttpRequest, etag: str) -> re.Match[str] | None:
    """The one part of bytes that is wanted, if it is still of the same file."""
    if request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    part = ONE_PART.fullmatch(request.headers.get("Range", "").strip())
    if part is None or part.group(1, 2) == ("", ""):
        return None
    begins, ends = part.group(1, 2)
    return None if begins and ends and int(ends) < int(begins) else part


def _place(part: re.Match[str], size: int) -> tuple[int, int] | None:
    """The first and the last byte; None where the file has none of them."""
    begins, ends = part.group(1, 2)
    if not begins:  # the last so many
        length = min(int(ends), size)
        return (size - length, size - 1) if length else None
    if int(begins) >= size:
        return None
    return int(begins), min(int(ends or size), size - 1)
