"""Gathers what stands behind a frozen version; formats/ makes cards of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse

from curation import files
from curation.formats.consent_summary import allows
from curation.formats.facts import Agreed, Facts, File, Guided
from curation.models import Consent, DatasetVersion, Terms
from curation.models.findings import LIKELY_FROM

# Every text of the version: its answers, all that was said before them, and the worse
# words that stand beside some.
PATH = """
WITH RECURSIVE path (id) AS (
    SELECT unnest(ARRAY[reply_id, instead_of_id]) FROM curation_versionitem
    WHERE version_id = %s
    UNION
    SELECT message.parent_id FROM curation_message AS message
    JOIN path ON message.id = path.id WHERE message.parent_id IS NOT NULL
)
"""
NAMING = f"""{PATH}
SELECT count(DISTINCT message_id) FROM curation_finding
JOIN path ON path.id = message_id
WHERE check_name LIKE 'personal\\_data%%' AND score >= %s
"""
ORIGINS = f"""{PATH}
SELECT message.origin, count(*) FROM curation_message AS message
JOIN path USING (id) GROUP BY 1 ORDER BY 1
"""
WRITERS = f"""{PATH}
SELECT DISTINCT message.author_id FROM curation_message AS message
JOIN path USING (id) WHERE message.author_id IS NOT NULL
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
    """A dozen queries, each over all texts of the version: for a page of its own."""
    dataset, policy = version.dataset, version.manifest["policy"]
    recalled, erased = version.recalls.counted()
    writers = [pk for (pk,) in _rows(WRITERS, version.pk)]
    given = _given(version, writers)
    ((reviewers, reviews),) = _rows(REVIEWS, version.pk, *2 * [version.frozen_at])
    ((rankers, ballots),) = _rows(BALLOTS, version.pk, version.frozen_at)
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
        languages=_counted(version, "reply__language"),
        categories=_counted(version, "category"),
        train=version.train_count,
        held_out=version.held_out_count,
        origins=dict(_rows(ORIGINS, version.pk)),
        writers=len(writers),
        reviewers=reviewers,
        reviews=reviews,
        rankers=rankers,
        ballots=ballots,
        guidelines=tuple(Guided(*row) for row in _rows(GUIDELINES, version.pk)),
        agreed=tuple(_agreed(given)),
        allowed={use: len(_allowing(given, use)) for use in Terms.Use.values},
        without_consent=len(set(writers) - {person for person, _ in given}),
        recalled=recalled,
        erased=erased,
        reviews_wanted=policy["reviews_wanted"],
        approvals_needed=policy["approvals_needed"],
        rankings_wanted=policy["rankings_wanted"],
        recipe=version.recipe,
        personal_data=_rows(NAMING, version.pk, LIKELY_FROM)[0][0],
        models=tuple(version.reports.order_by("pk").values_list("name", flat=True)),
        address=f"{settings.ADDRESS}{here}",
    )


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


def _given(version: DatasetVersion, writers: list[int]) -> Given:
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


def _agreed(given: Given) -> Iterator[Agreed]:
    people = Counter(terms for _, terms in given)
    for terms in sorted(people, key=lambda terms: terms.pk):
        label = f"{terms.dataset or 'All datasets'}, terms {terms.number}"
        yield Agreed(label, terms.licence, tuple(terms.uses), people[terms])


def _allowing(given: Given, use: str) -> set[int]:
    return {person for person, terms in given if use in terms.uses}


def _counted(version: DatasetVersion, field: str) -> dict[str, int]:
    rows = version.items.order_by().values_list(field).annotate(Count("pk"))
    return dict(sorted(rows.values_list(field, "pk__count")))


def _rows(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[Any] = cursor.fetchall()
        return rows
