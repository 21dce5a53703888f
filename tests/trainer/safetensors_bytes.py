"""Safetensors files by hand: whole ones, and some that lie about themselves."""

from __future__ import annotations

import json
import struct
from typing import Any


def safetensors(
    header: Any = None, data: bytes = bytes(4), length: int | None = None
) -> bytes:
    """One number, unless told otherwise."""
    if header is None:
        header = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def told(shapes: dict[str, list[int]]) -> bytes:
    """The header of a file with weights of these shapes, without the weights."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    for name, shape in shapes.items():
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]}
    return safetensors(header, data=b"")
