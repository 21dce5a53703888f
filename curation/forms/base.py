"""What several of these forms share."""

from __future__ import annotations

PLAIN = {"class": "textarea--plain textarea--short"}
