"""What a SAML provider says of itself, asked again where it stands at an address."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils.timezone import now
from django.utils.translation import gettext_noop, override

from curation import outbound, saml_metadata
from curation.errors import CurationError
from curation.models import Contributor, Event, IdentityProvider

logger = logging.getLogger(__name__)

LASTS = timedelta(days=1)
# Who sends answers that nobody signed must not make us ask a provider again and again.
SECONDS_BETWEEN = 300
ANSWERS = gettext_noop("It answers %(status)d at %(address)s.")
ANOTHER = gettext_noop("%(address)s speaks of another provider now: %(name)s.")
ASKED: dict[str, Any] = {"unasked_since": None, "unasked_why": "", "unasked_facts": {}}


def fetched(address: str) -> str:
    answer = outbound.fetch(address, redirects=2)
    if not answer.is_good:
        raise CurationError(ANSWERS, status=answer.status, address=address)
    return answer.text


def renew(*, provider: IdentityProvider, by: Contributor | None) -> None:
    """Ask again. Refuses another provider in its place, and keeps what was there."""
    told = fetched(provider.metadata_url)
    before, after = saml_metadata.known(provider.metadata), saml_metadata.read(told)
    if saml_metadata.entity_of(provider.metadata) != after["entity_id"]:
        place = {"address": provider.metadata_url, "name": after["entity_id"][:300]}
        raise CurationError(ANOTHER, **place)
    with transaction.atomic():
        # What an admin typed meanwhile stays.
        there = IdentityProvider.objects.filter(
            pk=provider.pk, metadata_url=provider.metadata_url, metadata=provider.metadata
        )
        if there.update(metadata=told, metadata_at=now(), **ASKED) and before != after:
            count = len(after["certificates"])
            Event.objects.record(
                "identity.metadata_renewed", provider, by=by, certificates=count
            )


def renew_old() -> None:
    """Of each that is on, once a day. One that cannot be asked keeps what it has."""
    old = IdentityProvider.objects.filter(is_on=True, metadata_at__lt=now() - LASTS)
    for provider in old.exclude(metadata_url=""):
        _try(provider)


def renew_for_an_answer(*, slug: str) -> bool:
    """After an answer that none of its certificates signed: it may have new ones. Whether
    it was asked, which happens now and then only."""
    provider = IdentityProvider.objects.exclude(metadata_url="").filter(slug=slug).first()
    if provider is None or not cache.add(f"metadata-{provider.pk}", 1, SECONDS_BETWEEN):
        return False
    return _try(provider)


def _try(provider: IdentityProvider) -> bool:
    try:
        with override("en"):  # what is kept is worded again for each reader
            renew(provider=provider, by=None)
    except CurationError as problem:
        logger.warning("The metadata of %s stays as it is: %s", provider.slug, problem)
        there = IdentityProvider.objects.filter(
            pk=provider.pk, metadata_url=provider.metadata_url
        )
        there.update(
            unasked_since=Coalesce("unasked_since", Now()),
            unasked_why=problem.said[:300],
            unasked_facts=problem.facts,
        )
        return False
    return True
