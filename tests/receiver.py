"""A server on loopback that keeps what it was sent, and answers as a test wants it to."""

from __future__ import annotations

import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from socket import socket
from threading import Thread

Reply = Callable[[socket], None]


@dataclass
class Heard:
    first_line: str
    headers: Message
    body: bytes


class Receiver:
    """Set `reply` to any function of the socket; `says` is one for plain answers."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.names: list[str | None] = []  # that TLS was asked for
        self.host, self.port = "", 0
        self.says()

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}/"

    def says(self, status: int = 200, body: bytes = b"ok", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        said = "\r\n".join([*lines, "", ""]).encode() + body
        self.reply: Reply = lambda connection: connection.sendall(said)


@contextmanager
def receiving(
    host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            first = self.rfile.readline().decode().strip()
            if not first:
                return
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            headers = BytesHeaderParser().parsebytes(head)
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            receiver.heard.append(Heard(first, headers, body))
            receiver.reply(self.connection)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def get_request(self) -> tuple[socket, tuple[str, int]]:
            connection, where = super().get_request()
            if tls is None:
                return connection, where
            return tls.wrap_socket(connection, server_side=True), where

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away in the middle is what many tests are about."""

    if tls is not None:
        tls.sni_callback = lambda _, name, __: receiver.names.append(name)
    with Server((host, 0), Handler) as server:
        receiver.host, receiver.port = host, server.server_address[1]
        Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        try:
            yield receiver
        finally:
            server.shutdown()
