"""Is this machine fit for `make install`? Runs on an old Python, to be able to say so."""

import shutil
import sys

PYTHON_NEEDED = (3, 11)
GIGABYTES_NEEDED = 8


def problem() -> str:
    if sys.version_info < PYTHON_NEEDED:
        found = f"{sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}"
        return f"Winnow needs Python 3.11, but {found}: try `make up PYTHON=python3.12`."
    free = shutil.disk_usage(".").free / 1e9
    if free < GIGABYTES_NEEDED:
        return f"Installing takes {GIGABYTES_NEEDED} GB, but {free:.1f} GB are free here."
    return ""


if __name__ == "__main__":
    sys.exit(problem() or None)
