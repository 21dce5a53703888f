"""A bucket as its service shows it, by requests that are not Winnow's."""

from __future__ import annotations

from typing import Any

import boto3
from django.core.files.storage import storages

from config import bucket

NAME = "files"
NOBODY = "http://127.0.0.1:1"  # listens there


class Shown:
    """What lies below `folder`; Winnow's STORAGES are those of `settings`."""

    def __init__(self, address: str, folder: str, settings: Any) -> None:
        self._client = boto3.client("s3", endpoint_url=address)
        self._address, self._folder, self._settings = address, folder, settings
        self.answer()

    def answer(self, address: str = "") -> None:
        """Files are kept here from now on; at another address, where one is given."""
        self._forget()
        there = bucket.storage(NAME, self._folder, address or self._address)
        self._settings.STORAGES = {**self._settings.STORAGES, "files": there}

    def leave(self) -> None:
        """Files are kept on the disk from now on."""
        self._forget()
        others = {k: v for k, v in self._settings.STORAGES.items() if k != "files"}
        self._settings.STORAGES = others

    def close(self) -> None:
        self._forget()
        self._client.close()

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2")
        begin = f"{self._folder}/"
        return sorted(
            one["Key"].removeprefix(begin)
            for page in pages.paginate(Bucket=NAME, Prefix=begin)
            for one in page.get("Contents", ())
        )

    def read(self, name: str) -> bytes:
        found: bytes = self._client.get_object(**self._at(name))["Body"].read()
        return found

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(**self._at(name), Body=content)

    def delete(self, name: str) -> None:
        self._client.delete_object(**self._at(name))

    def unfinished(self) -> list[str]:
        """Uploads that were begun and not ended."""
        found = self._client.list_multipart_uploads(Bucket=NAME, Prefix=self._folder)
        return [one["Key"] for one in found.get("Uploads", ())]

    def _forget(self) -> None:
        """Settings that change make another storage, and leave this one's connections."""
        if "files" in self._settings.STORAGES:
            storages["files"].connection.meta.client.close()

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": NAME, "Key": f"{self._folder}/{name}"}
