"""Gathers what stands behind a frozen version; formats/ makes cards of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from curation import files, keeping, reach
from curation.formats.consent_summary import allows
from curation.formats.facts import Agreed, Facts, File, Guided
from curation.models import Consent, Conversation, DatasetVersion, Terms, VersionItem
from curation.models.findings import LIKELY_FROM
from curation.reach import PATH

SPLITS = list(Conversation.Split.values)
KEPT_SECONDS = 3600
NAMING = f"""{PATH}
SELECT count(DISTINCT message_id) FROM curation_finding
JOIN path ON path.id = message_id
WHERE check_name LIKE 'personal\\_data%%' AND score >= %s
"""
ORIGINS = f"""{PATH}
SELECT message.origin, count(*) FROM curation_message AS message
JOIN path USING (id) GROUP BY 1 ORDER BY 1
"""
GUIDELINES = f"""{PATH}
SELECT guideline.number, count(*) FROM curation_message AS message
JOIN path USING (id) JOIN curation_guideline AS guideline
    ON guideline.id = message.guideline_id GROUP BY 1 ORDER BY 1
"""
REVIEWS = f"""{PATH}
SELECT count(DISTINCT reviewer_id), count(*) FROM curation_review
JOIN path ON path.id = message_id
WHERE created_at <= %s AND (set_aside_at IS NULL OR set_aside_at > %s)
"""
BALLOTS = f"""{PATH}
SELECT count(DISTINCT ranker_id), count(*) FROM curation_ballot
JOIN path ON path.id = prompt_id WHERE created_at <= %s
"""


def of(version: DatasetVersion) -> Facts:
    """A few queries; a dozen, most over all texts of the version, for who asks first."""
    dataset, policy = version.dataset, version.manifest["policy"]
    recalled, erased = version.recalls.counted()
    here = reverse("curation:version", args=[dataset.slug, version.number])
    return Facts(
        slug=dataset.slug,
        title=dataset.title,
        description=dataset.description,
        is_pairs=dataset.is_pairs,
        number=version.number,
        digest=version.digest,
        frozen_on=version.frozen_at.date().isoformat(),
        licence=version.manifest["licence"],
        train=version.train_count,
        held_out=version.held_out_count,
        recalled=recalled,
        erased=erased,
        reviews_wanted=policy["reviews_wanted"],
        approvals_needed=policy["approvals_needed"],
        rankings_wanted=policy["rankings_wanted"],
        recipe=version.recipe,
        # Checks go on looking at what was frozen: their count is always anew.
        personal_data=reach.rows(NAMING, [version.pk], SPLITS, LIKELY_FROM)[0][0],
        models=tuple(version.reports.order_by("pk").values_list("name", flat=True)),
        address=f"{settings.ADDRESS}{here}",
        **_as_frozen(version, f"{recalled}-{erased}"),
    )


def _as_frozen(version: DatasetVersion, since: str) -> dict[str, Any]:
    """What was so when it was frozen, and stays; `since` says what is gone by now."""
    key = f"facts:{version.pk}:{version.digest}:{since}"
    found: dict[str, Any] | None = keeping.recall(key)
    if found is None:
        found = _counted_as_frozen(version)
        keeping.keep(key, found, KEPT_SECONDS)
    return found


def _counted_as_frozen(version: DatasetVersion) -> dict[str, Any]:
    everything, at = ([version.pk], SPLITS), version.frozen_at
    writers = reach.writers(version)
    given = _given(version, writers)
    ((reviewers, reviews),) = reach.rows(REVIEWS, *everything, at, at)
    ((rankers, ballots),) = reach.rows(BALLOTS, *everything, at)
    return {
        "languages": _counted(version, "reply__language"),
        "categories": _counted(version, "category"),
        "origins": dict(reach.rows(ORIGINS, *everything)),
        "writers": len(writers),
        "reviewers": reviewers,
        "reviews": reviews,
        "rankers": rankers,
        "ballots": ballots,
        "guidelines": tuple(Guided(*row) for row in reach.rows(GUIDELINES, *everything)),
        "agreed": tuple(_agreed(given)),
        "allowed": {use: len(_allowing(given, use)) for use in Terms.Use.values},
        "without_consent": len(writers.keys() - {person for person, _ in given}),
    }


def counted_together(versions: Sequence[DatasetVersion]) -> dict[str, Any]:
    """Examples by category, people, and consents of several versions: what is in two of
    them counts once. A few queries for each."""
    rows = VersionItem.objects.filter(version__in=versions).order_by()
    counts = rows.values_list("category").annotate(Count("reply", distinct=True))
    given = {pair for one in versions for pair in _given(one, reach.writers(one))}
    return {
        "counts": dict(sorted(counts)),
        "contributors": len(reach.writers(*versions)),
        "consents": [f"{one.terms}: {one.people}" for one in _agreed(given)],
    }


def not_allowed(known: Facts) -> list[Any]:
    """Titles of the uses that not everybody behind it is known to have agreed to."""
    return [title for use, title in Terms.Use.choices if not allows(known, use)]


def with_files(version: DatasetVersion) -> Facts:
    """The same with its files, which are written where they are not there yet."""
    manifest, sizes = files.manifest_of(version), files.sizes_of(version)
    hashes = manifest["files"]
    found = (File(name, hashes[name], sizes[name]) for name in sorted(hashes))
    gaps = manifest.get("erased", 0)
    return replace(of(version), files=tuple(found), gaps=gaps)


Given = list[tuple[int, Terms]]  # a person and what they agreed to


def _given(version: DatasetVersion, writers: Iterable[int]) -> Given:
    """What its writers had agreed to when it was frozen; what came later does not count."""
    lines = Consent.objects.filter(contributor__in=writers, at__lte=version.frozen_at)
    here = lines.filter(Q(terms__dataset=None) | Q(terms__dataset=version.dataset_id))
    latest = {
        (line.contributor_id, line.terms_id): line
        for line in here.select_related("terms__dataset").order_by("pk")
    }
    return [
        (line.contributor_id, line.terms)
        for line in latest.values()
        if line.act == Consent.Act.GIVEN
    ]


def _agreed(given: Iterable[tuple[int, Terms]]) -> Iterator[Agreed]:
    people = Counter(terms for _, terms in given)
    for terms in sorted(people, key=lambda terms: terms.pk):
        label = f"{terms.dataset or 'All datasets'}, terms {terms.number}"
        yield Agreed(label, terms.licence, tuple(terms.uses), people[terms])


def _allowing(given: Given, use: str) -> set[int]:
    return {person for person, terms in given if use in terms.uses}


def _counted(version: DatasetVersion, field: str) -> dict[str, int]:
    rows = version.items.order_by().values_list(field).annotate(Count("pk"))
    return dict(sorted(rows.values_list(field, "pk__count")))
