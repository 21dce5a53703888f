"""A bucket of any service that speaks S3, as one of Django's storages.

Loaded by its name in STORAGES: a process whose files are on its disk never imports boto3.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from s3transfer.exceptions import (
    RetriesExceededError,
    S3DownloadFailedError,
    S3ValidationError,
)
from storages.backends.s3 import S3Storage

from curation.errors import Unavailable
from curation.stores import unanswered

AT_ONCE = 8 * 2**20  # bytes in memory; each such part is a request
CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 3, 30, 3
GONE = {"404", "NoSuchKey"}  # HEAD has no body that could say more
# There is no class above them all. OSError is this machine's, such as a full disk.
FAILURES = (
    BotoCoreError, ClientError, RetriesExceededError, S3DownloadFailedError,
    S3ValidationError, OSError,
)  # fmt: skip

log = logging.getLogger(__name__)


class Bucket(S3Storage):  # type: ignore[misc]  # django-storages is untyped
    """Refuses as Unavailable where nobody answers. What is saved under a name that is
    there takes its place; an object appears when all of it has come."""

    file_overwrite = True
    max_memory_size = AT_ONCE
    client_config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        # Services other than Amazon's do not know all that boto3 would send by itself.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    transfer_config = TransferConfig(
        multipart_threshold=AT_ONCE,
        multipart_chunksize=AT_ONCE,
        num_download_attempts=TRIES,
        use_threads=False,  # parts that wait for a slow network would fill the memory
    )

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of all objects in it and below, by what their names have besides."""
        place = self._normalize_name(f"{folder}/")
        with _asking():
            found = self.bucket.objects.filter(Prefix=place)
            return {one.key.removeprefix(place): one.size for one in found}

    def fetch(self, name: str, into: BufferedIOBase) -> None:
        """Write an object into an open file; FileNotFoundError where there is none."""
        with _asking():
            found = self.bucket.Object(self._normalize_name(name))
            found.download_fileobj(into, Config=self.transfer_config)

    def save(self, name: str, content: File, max_length: int | None = None) -> str:  # type: ignore[type-arg]
        with _asking():
            saved: str = super().save(name, content, max_length)
        return saved

    def delete(self, name: str) -> None:
        with _asking():
            super().delete(name)

    def url(self, name: str, *args: Any, **options: Any) -> str:
        raise ValueError("Files leave through Winnow, which asks who may have them.")


@contextmanager
def _asking() -> Iterator[None]:
    """What the service said is for operators; people hear that it cannot be reached."""
    try:
        yield
    except FAILURES as error:
        answer = getattr(error, "response", None) or {}
        if answer.get("Error", {}).get("Code") in GONE:
            raise FileNotFoundError from error
        log.error("The store of files: %s", getattr(error, "last_exception", error))
        raise Unavailable(unanswered()) from error
