"""What all web processes count together, in Redis: how often somebody tried."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

logger = logging.getLogger(__name__)

AWAY_SECONDS = 5.0  # for so long nobody asks a Redis that did not answer
ANSWER_SECONDS = 0.5
ALONE_AT_MOST = 100_000  # with Django's 300 whoever tries many names is forgotten at once


class Plain:
    """Numbers as they are, so that Redis can count them; else JSON, which runs nothing."""

    def dumps(self, value: Any) -> int | str:
        return value if type(value) is int else json.dumps(value)

    def loads(self, kept: bytes) -> Any:
        return json.loads(kept)


@dataclass
class Away:
    until: float = 0.0
    is_refused: bool = False  # the program below, by a Redis that does all else


@cache
def _away(server: str, prefix: str) -> Away:
    """One for all threads of this process."""
    return Away()


# KEYS: a key's passes by slice of time. ARGV: how many may pass, in how many slices before
# this one, this one, and for how many milliseconds it is kept.
PASS = """
local passed, oldest = 0, tonumber(ARGV[3])
local kept = redis.call("HGETALL", KEYS[1])
for i = 1, #kept, 2 do
  local slice = tonumber(kept[i])
  if slice < ARGV[3] - ARGV[2] then
    redis.call("HDEL", KEYS[1], kept[i])
  else
    passed, oldest = passed + kept[i + 1], math.min(oldest, slice)
  end
end
if passed >= tonumber(ARGV[1]) then return oldest end
redis.call("HINCRBY", KEYS[1], ARGV[3], 1)
redis.call("PEXPIRE", KEYS[1], ARGV[4])
return false
"""


class InRedis(RedisCache):
    def let_pass(self, key: Any, limit: int, slices: int, here: int, seconds: int) -> Any:
        key = self.make_and_validate_key(key)
        server = self._cache.get_client(key, write=True)
        return server.eval(PASS, 1, key, limit, slices, here, 1000 * seconds)


class Alone(LocMemCache):
    """In the memory of this process."""

    _passing = Lock()

    def let_pass(self, key: Any, limit: int, slices: int, here: int, seconds: int) -> Any:
        with self._passing:
            kept: dict[int, int] = self.get(key, {})
            counted = {slice_: n for slice_, n in kept.items() if slice_ >= here - slices}
            if sum(counted.values()) >= limit:
                return min(counted, default=here)
            counted[here] = counted.get(here, 0) + 1
            self.set(key, counted, seconds)
            return None


class SharedCache(BaseCache):
    """Django's cache in Redis. While Redis is away each process counts for itself, so that
    people can sign in, and guessing stays slow."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {
            "serializer": Plain,
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        self._there = InRedis([server], {**params, "OPTIONS": options})
        alone = {**params, "OPTIONS": {"MAX_ENTRIES": ALONE_AT_MOST}}
        self._alone = Alone(f"alone {server} {self.key_prefix}", alone)
        self._away = _away(server, self.key_prefix)

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        return bool(self._do("add", key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._do("get", key, default, version)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        self._do("set", key, value, timeout, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._do("touch", key, timeout, version))

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self._do("delete", key, version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """At once for all: of two who come together each gets a number of their own."""
        return int(self._do("incr", key, delta, version))

    def let_pass(
        self, key: Any, limit: int, slices: int, here: int, seconds: int
    ) -> int | None:
        """One more, where fewer than the limit passed in this slice of time and so many
        before it; else the oldest slice that counts. One question, and at once for all."""
        since = self._do("let_pass", key, limit, slices, here, seconds)
        return None if since is None else int(since)

    def clear(self) -> None:
        """Not for use: Redis holds the queues as well."""
        raise NotImplementedError

    def _do(self, what: str, *given: Any) -> Any:
        if time.monotonic() >= self._away.until:
            try:
                answer = getattr(self._there, what)(*given)
            except RedisError as problem:
                # What a program counts nothing else reads, so it may count alone.
                if what == "let_pass" and isinstance(problem, ResponseError):
                    self._note_refusal(problem)
                else:
                    self._note(type(problem).__name__)
            else:
                self._note(None)
                return answer
        return getattr(self._alone, what)(*given)

    def _note_refusal(self, problem: ResponseError) -> None:
        """In the log once; it does not go away by itself, as a server does."""
        if not self._away.is_refused:
            logger.error("Requests by key count in each process alone: %s", problem)
        self._away.is_refused = True

    def _note(self, problem: str | None) -> None:
        """In the log once when it goes away, and once when it is back."""
        was_away = self._away.until > 0
        self._away.until = time.monotonic() + AWAY_SECONDS if problem else 0.0
        if problem and not was_away:
            logger.warning("Limits count in each process alone: Redis says %s", problem)
        elif was_away and not problem:
            logger.warning("Limits count for all processes together again")
