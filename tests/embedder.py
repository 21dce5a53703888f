"""An embedder on loopback that needs no model: words are hashed, and some mean the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np

DIMENSIONS = 64
MEANS = {"automobile": "car", "wagen": "car", "repair": "fix", "purchase": "buy"}


def vector_of(text: str, dimensions: int = DIMENSIONS) -> np.ndarray:
    """The sum of what its words have each for themselves, in whatever order."""
    words = re.findall(r"\w+", text.lower()) or [""]
    return sum(_of_word(MEANS.get(word, word), dimensions) for word in words)


def _of_word(word: str, dimensions: int) -> np.ndarray:
    seed = int.from_bytes(sha256(word.encode()).digest()[:8])
    return np.random.default_rng(seed).normal(size=dimensions)


class FakeEmbedder:
    """What it is asked, and how it answers: change `status`, `dimensions` or `refuses`."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.keys: list[str | None] = []
        self.status = 200
        self.dimensions = DIMENSIONS
        self.refuses = lambda text: False
        self.address = ""

    @property
    def texts(self) -> list[str]:
        return [text for sent in self.asked for text in sent["input"]]

    def answer(self, sent: dict) -> tuple[int, bytes]:
        self.asked.append(sent)
        if self.status != 200:
            return self.status, b"{}"
        if any(map(self.refuses, sent["input"])):
            return 413, b'{"error": "too long"}'
        rows = [
            {"index": place, "embedding": vector_of(text, self.dimensions).tolist()}
            for place, text in enumerate(sent["input"])
        ]
        return 200, json.dumps({"data": rows[::-1], "model": sent["model"]}).encode()


@contextmanager
def serving(port: int = 0) -> Iterator[FakeEmbedder]:
    fake = FakeEmbedder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fake.keys.append(self.headers.get("Authorization"))
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = fake.answer(json.loads(sent))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        fake.address = f"http://127.0.0.1:{server.server_address[1]}/v1/embeddings"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield fake
        finally:
            server.shutdown()
