"""Questions of benchmarks, as a file has them."""

from __future__ import annotations

import json

OPEN = {"prompt": "How many legs has a spider?", "answer": "Eight."}
CHOICE = {"question": "What is blue?", "options": ["Grass", "The sky"], "answer": 1}


def file(*lines):
    return "".join(json.dumps(line) + "\n" for line in lines).encode()
