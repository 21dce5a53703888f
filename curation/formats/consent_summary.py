"""Under which licence a version stands, who agreed to what, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator

from curation.formats.facts import Facts, counted

USES = {"training": "training models", "sharing": "handing on under a contract",
        "publishing": "publishing"}  # fmt: skip


def consent_summary(facts: Facts) -> str:
    head = f"# Licence and consent: {facts.name}"
    return "\n".join([head, "", f"Digest `{facts.digest}`.", "", *consent_lines(facts), ""])


def consent_lines(facts: Facts) -> Iterator[str]:
    """Markdown: who agreed to what as a table, and what that comes to in sentences."""
    first, *others = consent_sentences(facts)
    yield first
    yield ""
    if facts.agreed:
        yield "| terms | licence given | allows | writers who had agreed |"
        yield "|---|---|---|---|"
        for one in facts.agreed:
            uses = ", ".join(USES[use] for use in one.uses) or "not said"
            yield f"| {one.terms} | {one.licence or 'not said'} | {uses} | {one.people:,} |"
        yield ""
    for sentence in others:
        yield f"- {sentence}"


def consent_sentences(facts: Facts) -> Iterator[str]:
    """The same without the table, the licence first."""
    yield f"Licence of the version: {facts.licence}."
    yield _consented(facts)
    for one in facts.agreed:
        if one.licence and one.licence != facts.licence:
            yield (
                f"{one.terms} give {one.licence}, which is not the licence of the version: "
                "see that the one allows the other."
            )
    if imported := facts.origins.get("import", 0):
        yield (
            f"{counted(imported, 'text was', 'texts were')} imported: nobody here knows "
            "what their writers agreed to. Look at the licence of where they come from."
        )
    if by_models := facts.origins.get("model", 0):
        yield (
            f"{counted(by_models, 'text is', 'texts are')} by models: the terms of these "
            "models may restrict what is done with them."
        )
    for use, said in USES.items():
        if not allows(facts, use):
            yield f"Not every writer is known to have agreed to {said}."
    yield _taken_back(facts)


def _consented(facts: Facts) -> str:
    if not facts.writers:
        return "No writer of its texts has an account here."
    if not facts.without_consent:
        who = (
            "Its writer" if facts.writers == 1 else f"Each of its {facts.writers:,} writers"
        )
        return f"{who} had agreed to terms when it was frozen."
    agreed = facts.writers - facts.without_consent
    if not agreed:
        writers = "its writer" if facts.writers == 1 else f"its {facts.writers:,} writers"
        return f"No consent of {writers} was on record when it was frozen."
    return (
        f"{agreed:,} of {counted(facts.writers, 'writer')} had agreed to terms when it was "
        f"frozen; of {facts.without_consent:,} no consent is on record."
    )


def _taken_back(facts: Facts) -> str:
    if not facts.recalled:
        return "None of its texts was taken back since."
    said = (
        f"{counted(facts.recalled, 'text was', 'texts were')} taken back since: later "
        "versions leave them out, and whoever has this one should stop using them."
    )
    if not facts.erased:
        return said
    return (
        f"{said} The words of {facts.erased:,} are destroyed here, and "
        f"{counted(facts.gaps, 'example is', 'examples are')} no longer in the files."
    )


def allows(facts: Facts, use: str) -> bool:
    """Whether every writer had allowed this use. Of imported texts nobody knows here."""
    return facts.allowed.get(use, 0) >= facts.writers and not facts.origins.get("import")
