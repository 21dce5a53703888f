"""What a SAML provider says of itself, read; and what we ask of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from curation.errors import CurationError
from curation.models import IdentityProvider

NAMES = ["displayName", "http://schemas.microsoft.com/identity/claims/displayname",
         "urn:oid:2.16.840.1.113730.3.1.241"]  # fmt: skip
ENTITY = re.compile(r"""\bentityID\s*=\s*["']([^"']+)""")
EMAILS = [
    "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
]  # fmt: skip


def read(xml: str) -> dict[str, Any]:
    """Its entity id, sign-in address, and the certificates of all keys that it signs with:
    while one takes another's place there are two. Refuses what lacks any of them."""
    try:
        # lxml reads no entities from elsewhere, and the parser refuses a DOCTYPE.
        if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
            raise ValueError
        found = OneLogin_Saml2_IdPMetadataParser.parse(xml)["idp"]
        one = found.get("x509cert")
        return {
            "entity_id": found["entityId"],
            "sso_url": found["singleSignOnService"]["url"],
            "certificates": _required([one] if one else found["x509certMulti"]["signing"]),
        }
    except (etree.LxmlError, ValueError, KeyError, IndexError, TypeError):
        said = _("This is no metadata of a SAML identity provider.")
        raise CurationError(said) from None


def known(xml: str) -> dict[str, Any] | None:
    """The same of what is kept; None where it cannot be read any more."""
    try:
        return read(xml)
    except CurationError:
        return None


def entity_of(xml: str) -> str:
    """Its entity id, also where the rest cannot be read; else nothing."""
    if found := known(xml):
        return str(found["entity_id"])
    named = ENTITY.search(xml)
    return unescape(named[1]) if named else ""


def is_unread(provider: IdentityProvider) -> bool:
    """Whether nobody signs in by it, since what it said of itself cannot be read."""
    return provider.kind == provider.Kind.SAML and known(provider.metadata) is None


def _required(certificates: list[str]) -> list[str]:
    if not certificates:
        raise ValueError
    return list(dict.fromkeys(certificates))


def signer_of(answer: str, certificates: list[str]) -> str | None:
    """Which of them signed a SAMLResponse. allauth takes one, and looks at all the rest."""
    try:
        xml = OneLogin_Saml2_Utils.b64decode(answer)
    except ValueError:
        return None
    for certificate in certificates:
        known = OneLogin_Saml2_Utils.format_cert(certificate)
        if OneLogin_Saml2_Utils.validate_sign(xml, known, raise_exceptions=False):
            return certificate
    return None


def settings_of(provider: IdentityProvider) -> dict[str, Any]:
    """For allauth: nothing unsigned, nothing that was not asked for, no second use.
    Without "idp" where its metadata cannot be read."""
    told = known(provider.metadata)
    return {
        **({"idp": {**told, "x509cert": told["certificates"][0]}} if told else {}),
        "attribute_mapping": {
            "uid": ["urn:oasis:names:tc:SAML:attribute:subject-id"],
            "email": [provider.email_from] if provider.email_from else EMAILS,
            "name": [provider.name_from] if provider.name_from else NAMES,
        },
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "reject_deprecated_algorithm": True,
            "reject_idp_initiated_sso": True,
            "want_attribute_statement": False,
            "want_name_id": True,
            "allow_single_label_domains": True,  # http://winnow/ inside a company
        },
    }
