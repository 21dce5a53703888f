"""Lines of the log, without the words of people.

PostgreSQL says in a DETAIL which row it refused, with all that is in it; a log must not
keep that, as nobody who is erased can be taken out of it.
"""

from __future__ import annotations

import logging
import re
from types import TracebackType

# To the end of that exception: a value may hold anything, also lines that look like ours.
DETAIL = re.compile(
    r"^DETAIL: .*?(?=\n\n(?:The above exception|During handling of the above)|\Z)",
    re.MULTILINE | re.DOTALL,
)
INSTEAD = "DETAIL:  (not logged)"


class Formatter(logging.Formatter):
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return DETAIL.sub(INSTEAD, super().formatException(ei))
