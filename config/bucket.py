"""Where files are kept in S3 instead of on this disk: an entry of STORAGES."""

from __future__ import annotations

from typing import Any

from config.env import env_bucket, env_endpoint, env_str


def storage(bucket: str, folder: str, endpoint: str) -> dict[str, Any]:
    """Keys are found by boto3 itself; of the two names of a region it knows only one."""
    options = {
        "bucket_name": bucket,
        "location": folder,
        "endpoint_url": endpoint or None,
        "region_name": env_str("AWS_REGION") or None,
    }
    return {"BACKEND": "curation.bucket.Bucket", "OPTIONS": options}


# The names that all programs for S3 know.
_ENDPOINT = env_endpoint("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_PLACE = env_bucket("WINNOW_FILES")
BUCKET = {"files": storage(*_PLACE, _ENDPOINT)} if _PLACE[0] else {}
