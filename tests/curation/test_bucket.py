"""What goes into a bucket and comes out of it, in parts, and what breaks on the way."""

from __future__ import annotations

import hashlib
import json

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.response import StreamingBody
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from curation import handoff, stores
from curation.bucket import AT_ONCE, TRIES
from curation.errors import Unavailable
from tests.curation.pages import frozen
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def breaks_off(monkeypatch):
    """At the third file, or part of one, the network goes."""
    sent, send = [], URLLib3Session.send

    def break_off(session, request):
        if request.method == "PUT":
            sent.append(request.url)
        if request.method == "PUT" and len(sent) >= 3:
            raise ConnectionClosedError(endpoint_url=request.url)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", break_off)


def test_an_upload_that_breaks_off_leaves_no_version(bucket, breaks_off, settings):
    version = frozen(DatasetFactory(), count=6)
    with pytest.raises(Unavailable):
        handoff.files(version.pk)

    assert not [name for name in bucket.names() if name.endswith("manifest.json")]
    assert stores.store().manifest(version.digest) is None
    assert list(settings.VERSIONS_DIR.iterdir()) == []


@pytest.fixture
def large(tmp_path):
    """A folder with a file of several parts, and its manifest."""
    made = tmp_path / "made"
    made.mkdir()
    content = bytes(range(256)) * 2**16 + b"the end"
    (made / "large").write_bytes(content)
    told = {"files": {"large": hashlib.sha256(content).hexdigest()}}
    (made / "manifest.json").write_text(json.dumps(told))
    return made


def test_an_object_that_came_short_gets_no_manifest(bucket, large, monkeypatch):
    save = S3Storage._save

    def cut(storage, name, content):
        is_manifest = name.endswith(stores.MANIFEST)
        return save(storage, name, content if is_manifest else ContentFile(b"short"))

    monkeypatch.setattr(S3Storage, "_save", cut)

    with pytest.raises(Unavailable):
        stores.store().keep("a", large)
    assert bucket.names() == ["a/large"]


def test_a_large_file_goes_and_comes_in_parts(bucket, large, tmp_path):
    kept = stores.store()
    kept.keep("a", large)

    assert kept.sizes("a")["large"] == 2**24 + 7 > 2 * AT_ONCE
    copies = kept.folder("a", copies=tmp_path / "copies")
    assert (copies / "large").read_bytes() == (large / "large").read_bytes()
    with kept.open("a", "large") as file:
        file.seek(2**24)
        assert file.read() == b"the end"


def test_of_a_large_file_that_breaks_off_nothing_is_left(bucket, large, breaks_off):
    with pytest.raises(Unavailable):
        stores.store().keep("a", large)

    assert (bucket.names(), bucket.unfinished()) == ([], [])


def test_a_download_that_breaks_off_again_and_again_is_said(
    bucket, large, monkeypatch, caplog
):
    stores.store().keep("a", large)
    tried = []

    def read(body, *_told):
        tried.append(True)
        body.close()
        raise ReadTimeoutError(endpoint_url="http://s3.example")

    with monkeypatch.context() as patch:
        patch.setattr(StreamingBody, "read", read)
        with pytest.raises(Unavailable, match="does not answer"):
            stores.store().open("a", "large")

    assert len(tried) >= TRIES and "s3.example" in caplog.text


def test_however_many_objects_there_are_all_are_destroyed(bucket, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")  # in one answer
    for number in range(8):
        bucket.write(f"a/{number}", b"x")
    bucket.write("a/b/c", b"x")
    bucket.write("ab/c", b"x")

    stores.store().destroy("a")
    stores.store().destroy("a")

    assert bucket.names() == ["ab/c"]


def test_a_bucket_that_is_not_there_is_no_empty_one(bucket, settings):
    options = settings.STORAGES["files"]["OPTIONS"]
    elsewhere = {
        "BACKEND": "curation.bucket.Bucket",
        "OPTIONS": {**options, "bucket_name": "nowhere"},
    }
    settings.STORAGES = {**settings.STORAGES, "files": elsewhere}

    with pytest.raises(Unavailable):
        stores.store().manifest("a")


def test_requests_are_signed_for_the_region_and_ask_only_what_all_services_know(
    bucket, large, monkeypatch
):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for-an-hour")
    bucket.answer()
    heard, send = [], URLLib3Session.send

    def listen(session, request):
        heard.append(request)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", listen)

    stores.store().keep("a", large)
    stores.store().open("a", "large").close()
    stores.store().destroy("a")

    assert {one.method for one in heard} == {"GET", "POST", "PUT", "DELETE"}
    for one in heard:
        headers = {name.lower(): str(value) for name, value in one.headers.items()}
        assert "/eu-central-1/s3/aws4_request" in headers["authorization"]
        assert "for-an-hour" in headers["x-amz-security-token"]
        odd = [name for name in headers if "checksum" in name or "acl" in name]
        assert odd == [] and "?delete" not in one.url


def test_nobody_gets_an_address_in_the_bucket(bucket):
    with pytest.raises(ValueError, match="leave through Winnow"):
        storages["files"].url("a/large")
