"""Under which licence a version stands, who agreed to what, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator

from curation.formats.facts import Facts

USES = {"training": "training models", "sharing": "handing on under a contract",
        "publishing": "publishing"}  # fmt: skip


def consent_summary(facts: Facts) -> str:
    head = f"# Licence and consent: {facts.name}"
    return "\n".join([head, "", f"Digest `{facts.digest}`.", "", *consent_lines(facts), ""])


def consent_lines(facts: Facts) -> Iterator[str]:
    yield f"Licence of the version: {facts.licence}."
    yield ""
    if facts.agreed:
        yield "| terms | licence given | allows | writers who had agreed |"
        yield "|---|---|---|---|"
        for one in facts.agreed:
            uses = ", ".join(USES[use] for use in one.uses) or "not said"
            yield f"| {one.terms} | {one.licence or 'not said'} | {uses} | {one.people:,} |"
        yield ""
    if facts.writers:
        yield (
            f"{facts.without_consent:,} of {facts.writers:,} writers had no consent on "
            "record when it was frozen."
        )
    imported = facts.origins.get("import", 0)
    if imported:
        yield f"{imported:,} texts were imported: no writer of theirs is known here."
    yield _taken_back(facts)
    for use in ("training", "publishing"):
        if not allows(facts, use):
            yield f"**Not every writer is known to have agreed to {USES[use]}.**"


def _taken_back(facts: Facts) -> str:
    if not facts.recalled:
        return "None of its texts was taken back since."
    texts = "text was" if facts.recalled == 1 else "texts were"
    return (
        f"{facts.recalled:,} {texts} taken back since, and the words of {facts.erased:,} "
        "are destroyed."
    )


def allows(facts: Facts, use: str) -> bool:
    """Whether every writer had allowed this use. Of imported texts nobody knows here."""
    return facts.allowed.get(use, 0) >= facts.writers and not facts.origins.get("import")
