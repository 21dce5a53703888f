"""A version as a datasheet: the questions of Gebru et al., answered from what is known."""

from __future__ import annotations

import json
from collections.abc import Iterator

from curation.formats.consent_summary import consent_lines
from curation.formats.facts import Facts, counted

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


def personal_data(facts: Facts) -> str:
    said = "Its files have no account names or addresses of who wrote them. "
    if not facts.personal_data:
        return f"{said}The checks for personal data saw none in its texts; they miss some."
    seen = counted(facts.personal_data, "of its texts", "of its texts")
    return f"{said}In {seen} a check saw what may be personal data, and people kept it."


def written(facts: Facts) -> str:
    """By whom, of what is there at all."""
    people = counted(facts.writers, "person", "people")
    said = {
        "person": f"{people} wrote {{}} of its texts",
        "model": "{} are by models, and people accepted each",
        "import": "{} were imported",
    }
    found = [
        said[origin].format(f"{count:,}")
        for origin, count in facts.origins.items()
        if count
    ]
    return f"{'; '.join(found)}." if found else "Nobody: it is empty."


def ranked(facts: Facts) -> str:
    if not facts.ballots:
        return "Nobody ranked its answers."
    if not facts.rankers:
        return f"{counted(facts.ballots, 'ranking')} came with what was imported."
    people = counted(facts.rankers, "person", "people")
    rankings = counted(facts.ballots, "ranking")
    return f"{people} ranked answers blind; with what was imported, {rankings} in all."


def judged_by(facts: Facts) -> str:
    """When a text counts, as the rules were when the version was frozen."""
    wanted = counted(facts.reviews_wanted, "reviewer")
    if facts.reviews_wanted == facts.approvals_needed:
        accept = "accepts" if facts.reviews_wanted == 1 else "accept"
        return f"A text that is written here counts once {wanted} {accept} it."
    needed = f"{facts.approvals_needed:,} of {wanted}"
    return f"A text that is written here counts once {needed} accept it."


def _motivation(facts: Facts) -> Iterator[str]:
    yield f"**Why was it made?** {facts.description or UNKNOWN}"


def _composition(facts: Facts) -> Iterator[str]:
    yield "**What is an example?** An answer with all that was said before it, as chat."
    yield ""
    yield (
        f"**How many?** {facts.examples:,}: {facts.train:,} to train on, "
        f"{facts.held_out:,} held out for evaluation. A conversation is on one side only."
    )
    if facts.gaps:
        yield ""
        gone = counted(facts.gaps, "example is", "examples are")
        yield f"{gone} no longer in the files: words in them were destroyed since."
    yield ""
    languages = ", ".join(f"{name} ({n:,})" for name, n in facts.languages.items())
    yield f"**In which languages?** {languages}."
    yield ""
    kinds = ", ".join(f"{name or 'none'} ({n:,})" for name, n in facts.categories.items())
    yield f"**Of which kinds?** {kinds}."
    yield ""
    yield f"**Is anybody named?** {personal_data(facts)}"


def _collection(facts: Facts) -> Iterator[str]:
    yield f"**Who wrote it?** {written(facts)}"
    yield ""
    told = ", ".join(
        f"version {g.number} ({counted(g.texts, 'text')})" for g in facts.guidelines
    )
    guided = f"Guideline {told}." if told else "None of it was written under a guideline."
    yield f"**What were they told?** {guided}"


def _labelling(facts: Facts) -> Iterator[str]:
    yield (
        f"**Who checked it?** {counted(facts.reviewers, 'person', 'people')} gave "
        f"{counted(facts.reviews, 'review')}. {judged_by(facts)} "
        f"{ranked(facts)}"
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
