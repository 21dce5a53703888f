"""A browser's connection in few instructions: it shares its cores with what it measures."""

from __future__ import annotations

import re
import socket
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlencode

TOKEN = "w" * 32  # of the form guard: the cookie and the form must agree, no more
SECONDS = 60.0


@dataclass
class Answer:
    status: int
    location: str
    body: str


class Connection:
    """One person's: kept open, and opened again where the server shut it."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.cookies = port, {"sessionid": session, "csrftoken": TOKEN}
        self._socket: socket.socket | None = None
        self._reader: BinaryIO | None = None

    def get(self, path: str, script: str = "") -> Answer:
        return self._ask("GET", path, b"", script)

    def post(self, path: str, fields: dict[str, str], script: str = "") -> Answer:
        """`script` is what a script of the page says of itself, where one asks."""
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}).encode()
        return self._ask("POST", path, body, script)

    def close(self) -> None:
        if self._socket is not None and self._reader is not None:
            self._reader.close()
            self._socket.close()
            self._socket = self._reader = None

    def _ask(self, verb: str, path: str, body: bytes, script: str) -> Answer:
        request = self._head(verb, path, len(body), script) + body
        was_open = self._reader is not None
        try:
            return self._send(request)
        except OSError:
            # An idle connection was shut, as it may be; a browser does the same.
            self.close()
            if not was_open:
                raise
            return self._send(request)

    def _head(self, verb: str, path: str, length: int, script: str) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{verb} {path} HTTP/1.1",
            f"Host: localhost:{self.port}",
            f"Cookie: {cookies}",
            "Accept: text/html",
            "Accept-Encoding: gzip",
        ]
        if script:
            lines.append(f"X-Requested-With: {script}")
        if verb == "POST":
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode()

    def _send(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = self._socket.makefile("rb")
        self._socket.sendall(request)
        return self._receive()

    def _receive(self) -> Answer:
        assert self._reader is not None
        first = self._reader.readline()
        if not first:
            raise ConnectionResetError("shut before the answer")
        head: dict[str, str] = {}
        while (line := self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").strip().partition(": ")
            if name.lower() == "set-cookie":
                self._keep_cookie(value)
            head[name.lower()] = value
        body = self._reader.read(int(head.get("content-length", "0")))
        if head.get("content-encoding") == "gzip":
            body = zlib.decompress(body, zlib.MAX_WBITS | 16)
        if head.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split()[1]), head.get("location", ""), body.decode())

    def _keep_cookie(self, line: str) -> None:
        name, _, rest = line.partition("=")
        value = rest.partition(";")[0]
        if re.search(r"max-age=0\b", rest, re.IGNORECASE):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
