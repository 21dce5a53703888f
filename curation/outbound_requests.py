"""`requests`, of which allauth makes use, by the one safe way out."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter

from curation import outbound
from curation.errors import CurationError


class Outbound(BaseAdapter):
    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """A refusal, or nobody there, is what requests' own callers expect then."""
        address = request.url or ""
        headers = {
            name: str(value)
            for name, value in request.headers.items()
            if name.lower() not in {"content-length", "accept-encoding", "connection",
                                    "user-agent", "host"}
        }  # fmt: skip
        try:
            if request.method == "GET":
                said = outbound.fetch(address, headers=headers)
            else:
                body: Any = request.body or b""
                body = body.encode() if isinstance(body, str) else bytes(body)
                said = outbound.post(address, body, headers=headers)
        except CurationError as refusal:
            raise requests.ConnectionError(str(refusal), request=request) from refusal
        response = requests.Response()
        response.status_code, response.url = said.status, said.address
        response._content, response.request = said.body, request
        response.headers.update({"content-type": "text/plain", **said.headers})
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        return response

    def close(self) -> None:
        """Nothing is kept open."""
