"""What a file said of a message that the record has no place for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from curation.models.conversations import Message


class Original(models.Model):
    """Kept as it came, so that an export of the same format is equal to the import.

    Emojis, labels and dates of elsewhere, and the letters of a text where storing it
    changed them. It may name people: it is destroyed with the text.
    """

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="original"
    )
    format = models.CharField(max_length=20)
    facts = models.JSONField(help_text="See curation/formats/trees.py: beside().")

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"message", "format", "facts"}

    def __str__(self) -> str:
        return f"what {self.format} said of message {self.message_id}"
