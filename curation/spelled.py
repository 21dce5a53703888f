"""Values as compact JSON, exactly as they are, in a tenth of the time that `json` takes."""

from __future__ import annotations

import json
from typing import Any

import orjson

# What is no JSON by itself is refused, as `json` refuses it.
AS_IT_IS = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_exact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def as_json(value: Any) -> str:
    """The other way round is left to `json`: numbers of any length stay what they are."""
    try:
        return orjson.dumps(value, option=AS_IT_IS).decode()
    except TypeError:  # also of numbers beyond 64 bits and of half a surrogate pair
        return _exact.encode(value)
