"""An identity provider on loopback: OIDC and SAML, for whoever `person` says is there."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

SECRET = "the secret of this client"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


@cache
def key_and_certificate(which: int = 0) -> tuple[str, str]:
    """A provider has another once the first grows old."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    day = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=9)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _described(which: int) -> str:
    certificate = "".join(key_and_certificate(which)[1].splitlines()[1:-1])
    return (
        '<KeyDescriptor use="signing"><KeyInfo '
        'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


class Provider:
    def __init__(self, address: str = "") -> None:
        self.address = address
        self.codes: dict[str, dict[str, str]] = {}
        self.says_as_it_came()

    def says_as_it_came(self) -> None:
        """What a test changed is as it was."""
        self.person: dict[str, Any] = {
            "sub": "u-1", "email": "ada@example.org", "email_verified": True,
            "name": "Ada Lovelace", "groups": ["writers"],
        }  # fmt: skip
        self.audience: str | None = None  # another than the one that asks
        self.is_signed = True
        self.announced, self.signing = [0], 0  # which of its keys
        self.entity = f"{self.address}/saml"
        self.asked = 0  # how often for its metadata

    # ---- OIDC ------------------------------------------------------------------------
    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        code = uuid4().hex
        self.codes[code] = asked
        return (
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        )

    def token(self, sent: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(sent.get("code", ""), None)
        if asked is None or sent.get("client_secret") != SECRET:
            return 400, {"error": "invalid_grant"}
        digest = hashes.Hash(hashes.SHA256())
        digest.update(sent.get("code_verifier", "").encode())
        challenge = base64.urlsafe_b64encode(digest.finalize()).rstrip(b"=").decode()
        if challenge != asked.get("code_challenge"):
            return 400, {"error": "invalid_grant"}
        at = int(time.time())
        claims = {
            "iss": self.address, "aud": self.audience or asked["client_id"], "iat": at,
            "exp": at + 60, "sub": self.person["sub"],
        }  # fmt: skip
        signed = jwt.encode(claims, key_and_certificate()[0], "RS256", {"kid": "1"})
        return 200, {"access_token": "t", "token_type": "Bearer", "id_token": signed}

    # ---- SAML ------------------------------------------------------------------------
    def metadata(self) -> str:
        keys = "".join(map(_described, self.announced))
        return (
            '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" '
            f'entityID="{self.entity}"><IDPSSODescriptor '
            'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f'{keys}<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:'
            f'HTTP-Redirect" Location="{self.address}/sso"/></IDPSSODescriptor>'
            "</EntityDescriptor>"
        )

    def answer(self, request: str) -> tuple[str, str]:
        """To a SAMLRequest: where the response goes, and the response."""
        packed = base64.b64decode(request)
        asked = etree.fromstring(zlib.decompress(packed, -15))
        there = asked.get("AssertionConsumerServiceURL")
        audience = self.audience or asked[0].text
        at = datetime.now(UTC)
        usual = {
            "now": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "soon": (at + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "before": (at - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "issuer": self.entity, "there": there, "audience": audience,
            "asked": asked.get("ID"), "person": self.person["sub"],
            "attributes": self._attributes(), "id": uuid4().hex,
        }  # fmt: skip
        assertion = ASSERTION.format(**usual)
        if self.is_signed:
            key, certificate = key_and_certificate(self.signing)
            assertion = OneLogin_Saml2_Utils.add_sign(
                assertion, key, certificate, sign_algorithm=RSA_SHA256,
                digest_algorithm=SHA256,
            )  # fmt: skip
            assertion = assertion.decode() if isinstance(assertion, bytes) else assertion
        response = RESPONSE.format(**usual, assertion=assertion)
        return there, base64.b64encode(response.encode()).decode()

    def _attributes(self) -> str:
        told = {"email": [self.person["email"]], "displayName": [self.person["name"]],
                "groups": self.person["groups"]}  # fmt: skip
        return "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{one}</saml:AttributeValue>" for one in values)
            + "</saml:Attribute>"
            for name, values in told.items()
        )


RESPONSE = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="r{id}" Version="2.0" '
    'IssueInstant="{now}" Destination="{there}" InResponseTo="{asked}">'
    "<saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode "
    'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
    "{assertion}</samlp:Response>"
)
ASSERTION = (
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a{id}" '
    'Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>'
    '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:'
    'persistent">{person}</saml:NameID><saml:SubjectConfirmation '
    'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
    'NotOnOrAfter="{soon}" Recipient="{there}" InResponseTo="{asked}"/>'
    "</saml:SubjectConfirmation></saml:Subject>"
    '<saml:Conditions NotBefore="{before}" NotOnOrAfter="{soon}">'
    "<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>"
    "</saml:AudienceRestriction></saml:Conditions>"
    '<saml:AuthnStatement AuthnInstant="{now}" SessionIndex="s{id}"><saml:AuthnContext>'
    "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
    "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
    "<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
)
FORM = (
    '<!doctype html><title>IdP</title><form method="post" action="{there}">'
    '<input type="hidden" name="SAMLResponse" value="{response}">'
    "<button>I am Ada</button></form>"
)


@contextmanager
def identity_provider() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_said: Any) -> None:
            """Not into the tests' output."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
            elif parts.path == "/sso":
                there, response = provider.answer(asked["SAMLRequest"])
                self._say(FORM.format(there=there, response=response), "text/html")
            elif parts.path == "/metadata":
                provider.asked += 1
                self._say(provider.metadata(), "text/xml")
            elif parts.path == "/userinfo":
                self._say(json.dumps(provider.person), "application/json")
            else:
                self._say(json.dumps(provider.discovery()), "application/json")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            status, said = provider.token(sent)
            self._say(json.dumps(said), "application/json", status)

        def _say(self, text: str, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    provider.says_as_it_came()
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
