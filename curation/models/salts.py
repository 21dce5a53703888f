"""What keeps the hash of a short text from being guessed back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from curation.models.conversations import Message


class MessageSalt(models.Model):
    """32 random bytes, made when a version first holds the message.

    They go into the hash of every record that has its words. Destroyed when the text is
    erased: the hashes that are kept then prove the list, and tell nobody what it said.
    """

    message = models.OneToOneField(
        Message, primary_key=True, on_delete=models.CASCADE, related_name="salt"
    )
    salt = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="messagesalt_has_32_bytes",
                condition=Exact(Length("salt"), 32),
            ),
        ]

    class Privacy:
        published: ClassVar[set[str]] = set()
        withheld = {"message", "salt"}

    def __str__(self) -> str:
        return f"salt of message {self.message_id}"
