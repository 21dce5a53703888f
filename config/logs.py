"""Lines of the log, without the words of people: for a person, or as JSON for a collector.

PostgreSQL says in a DETAIL which row it refused, with all that is in it; a log must not
keep that, as nobody who is erased can be taken out of it.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

# To the end of that exception: a value may hold anything, also lines that look like ours.
DETAIL = re.compile(
    r"^DETAIL: .*?(?=\n\n(?:The above exception|During handling of the above)|\Z)",
    re.MULTILINE | re.DOTALL,
)
INSTEAD = "DETAIL:  (not logged)"
FORMATS = ("line", "json")
# What a line of JSON has besides, where whoever wrote it gave it as `extra`.
MORE = ("route", "method", "status", "ms", "task", "by")


class Formatter(logging.Formatter):
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return DETAIL.sub(INSTEAD, super().formatException(ei))

    def formatMessage(self, record: logging.LogRecord) -> str:
        # An exception that is quoted in a line says the same as one that is shown.
        record.message = DETAIL.sub(INSTEAD, record.message)
        return super().formatMessage(record)


class JsonFormatter(Formatter):
    """One object a line, with the same names every time."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": DETAIL.sub(INSTEAD, record.getMessage()),
            "request_id": getattr(record, "request_id", "-"),
        }
        said |= {name: getattr(record, name) for name in MORE if hasattr(record, name)}
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def logging_of(level: str, form: str) -> dict[str, Any]:
    """Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": "curation.request_ids.Filter"}},
        "formatters": {
            "line": {
                "()": "config.logs.Formatter",
                "format": "{asctime} {levelname} {name} {request_id} {message}",
                "style": "{",
            },
            "json": {"()": "config.logs.JsonFormatter"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["request"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Its own handlers would write each line twice.
            "django": {"handlers": [], "level": level, "propagate": True},
            # At DEBUG it writes the session token of each request.
            "botocore": {"level": "INFO"},
        },
    }
