"""A version as a datasheet: the questions of Gebru et al., answered from what is known."""

from __future__ import annotations

import json
from collections.abc import Iterator

from curation.formats.consent_summary import consent_lines
from curation.formats.facts import Facts

UNKNOWN = "Not recorded here: whoever publishes it should say."


def datasheet(facts: Facts) -> str:
    lines = [f"# Datasheet: {facts.name}", "", f"Digest `{facts.digest}`."]
    for title, answers in (
        ("Motivation", _motivation(facts)),
        ("Composition", _composition(facts)),
        ("Collection", _collection(facts)),
        ("Cleaning and labelling", _labelling(facts)),
        ("Uses", _uses(facts)),
        ("Distribution", consent_lines(facts)),
        ("Maintenance", _maintenance(facts)),
    ):
        lines += ["", f"## {title}", "", *answers]
    return "\n".join([*lines, ""])


def _motivation(facts: Facts) -> Iterator[str]:
    yield f"**Why was it made?** {facts.description or UNKNOWN}"


def _composition(facts: Facts) -> Iterator[str]:
    yield "**What is an example?** An answer with all that was said before it, as chat."
    yield ""
    yield (
        f"**How many?** {facts.examples:,}: {facts.train:,} to train on, "
        f"{facts.held_out:,} held out for evaluation. A conversation is on one side only."
    )
    yield ""
    languages = ", ".join(f"{name} ({n:,})" for name, n in facts.languages.items())
    yield f"**In which languages?** {languages}."
    yield ""
    kinds = ", ".join(f"{name or 'none'} ({n:,})" for name, n in facts.categories.items())
    yield f"**Of which kinds?** {kinds}."
    yield ""
    yield "**Is anybody named?** No name or address of a contributor is in its files."


def _collection(facts: Facts) -> Iterator[str]:
    person, model, imported = (
        facts.origins.get(origin, 0) for origin in ("person", "model", "import")
    )
    yield (
        f"**Who wrote it?** {facts.writers:,} people wrote {person:,} of its texts; "
        f"{model:,} are by models, and people accepted each; {imported:,} were imported."
    )
    yield ""
    told = ", ".join(f"version {g.number} ({g.texts:,} texts)" for g in facts.guidelines)
    if told:
        yield f"**What were they told?** Guideline {told}."
    else:
        yield "**What were they told?** None of it was written under a guideline."


def _labelling(facts: Facts) -> Iterator[str]:
    yield (
        f"**Who checked it?** {facts.reviewers:,} people gave {facts.reviews:,} reviews; a "
        f"text that is written here counts once {facts.approvals_needed} of "
        f"{facts.reviews_wanted} accept it. "
        f"{facts.rankers:,} people ranked answers blind; with what was imported there are "
        f"{facts.ballots:,} rankings."
    )
    yield ""
    asked = {
        name: value for name, value in facts.recipe.items() if value not in ([], 0, "")
    }
    recipe = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    yield f"**Which were taken?** What is accepted, by this recipe: `{recipe}`."


def _uses(facts: Facts) -> Iterator[str]:
    models = ", ".join(facts.models) or "none known here"
    yield f"**Which models learned from it?** {models}."
    yield ""
    yield f"**What should it not be used for?** {UNKNOWN}"


def _maintenance(facts: Facts) -> Iterator[str]:
    yield (
        "**Does it change?** Never. What is taken back is marked and left out of later "
        "versions; what is erased leaves a gap, and the digest can still be checked."
    )
