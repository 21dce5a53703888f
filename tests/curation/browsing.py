"""What is browsed in tests, and what is found."""

from __future__ import annotations

from django.http import QueryDict

from curation import facets, hits, search
from curation.models import Ballot, BallotEntry, Finding, Message
from tests.factories import ContributorFactory, MessageFactory


def wrote(dataset, text, **fields):
    return MessageFactory(conversation__dataset=dataset, text=text, **fields)


def asked(dataset, query="", *, is_curator=True):
    return search.asked(QueryDict(query), dataset, is_curator=is_curator)


def found(dataset, query="", **who):
    """The texts on the first page, in their order."""
    this = asked(dataset, query, **who)
    counts = facets.counts_of(this)
    keys = hits.page_of(this, counts.newest, is_all=counts.is_all)
    texts = Message.objects.in_bulk(keys)
    return [texts[key].text for key in keys]


def rated(prompt, ratings):
    """A ballot that says no more than this."""
    ballot = Ballot.objects.create(
        prompt=prompt, ranker=ContributorFactory(), outcome="cannot_judge", reason="other"
    )
    BallotEntry.objects.bulk_create(
        BallotEntry(ballot=ballot, reply=reply, shown=shown, rating=rating)
        for shown, (reply, rating) in enumerate(ratings.items(), start=1)
    )
    return ballot


def found_something(message, check):
    return Finding.objects.create(
        message=message, check_name=check, check_version=1, score=1, advice="Look."
    )
