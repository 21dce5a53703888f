"""A version as a dataset card for the Hugging Face hub: YAML, then what a reader asks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from curation.formats.consent_summary import consent_lines
from curation.formats.datasheet import judged_by, personal_data, ranked
from curation.formats.facts import Facts, counted

# What the hub calls these licences; others are named in `license_name`.
LICENCES = {
    "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-3.0",
    "CC-BY-SA-3.0", "CC0-1.0", "Apache-2.0", "MIT", "ODC-By", "PDDL", "BSD-3-Clause",
}  # fmt: skip
SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"),
)  # fmt: skip
CREATORS = {"person": "crowdsourced", "model": "machine-generated", "import": "found"}
KINDS = {"person": "by people", "model": "by models", "import": "imported"}


def dataset_card(facts: Facts) -> str:
    return "\n".join(["---", *_yaml(metadata(facts)), "---", "", *_body(facts), ""])


def metadata(facts: Facts) -> dict[str, Any]:
    known = facts.licence if facts.licence in LICENCES else ""
    origins = [CREATORS[origin] for origin, count in facts.origins.items() if count]
    splits = [("train", facts.train), ("held_out", facts.held_out)]
    return {
        "pretty_name": facts.title,
        "license": known.lower() or "other",
        **({} if known else {"license_name": facts.licence}),
        "language": sorted(code.split("-")[0] for code in facts.languages if code),
        "annotations_creators": ["crowdsourced"] if facts.reviews else ["no-annotation"],
        "language_creators": sorted(origins),
        "multilinguality": ["multilingual" if len(facts.languages) > 1 else "monolingual"],
        "size_categories": [size(facts.examples)],
        # Where imported texts come from is not known here: whoever publishes it adds that.
        **({} if facts.origins.get("import") else {"source_datasets": ["original"]}),
        "task_categories": ["text-generation"],
        "tags": ["instruction-tuning", "winnow"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": split, "path": f"{split}.jsonl"}
                    for split, count in splits
                    if count
                ],
            }
        ],
    }


def size(examples: int) -> str:
    return next((name for below, name in SIZES if examples < below), "n>10M")


def _yaml(value: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Every scalar as JSON, which YAML reads as the same."""
    for name, one in value.items():
        if isinstance(one, list):
            yield f"{indent}{name}:" if one else f"{indent}{name}: []"
            for item in one:
                yield from _item(item, indent)
        else:
            yield f"{indent}{name}: {json.dumps(one, ensure_ascii=False)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}- {json.dumps(item, ensure_ascii=False)}"
        return
    lines = list(_yaml(item, f"{indent}  "))
    yield f"{indent}- {lines[0].strip()}"
    yield from lines[1:]


def _body(facts: Facts) -> Iterator[str]:
    yield f"# {facts.name}"
    yield ""
    yield facts.description or "No description was written."
    yield ""
    kind = "question and answer pairs" if facts.is_pairs else "conversation trees"
    yield (
        f"{facts.examples:,} examples from {kind}, {facts.train:,} to train on and "
        f"{facts.held_out:,} held out. Frozen on {facts.frozen_on}, digest "
        f"`{facts.digest}`."
    )
    if facts.gaps:
        gone = counted(facts.gaps, "example is", "examples are")
        yield f"{gone} no longer in the files: words in them were destroyed since."
    yield from ["", "## Structure", ""]
    yield (
        "A line of `train.jsonl` or `held_out.jsonl` is an example: `prompt` (the turns "
        "before, as chat messages) and `completion` (the answer), with `id`, `prompt_id`, "
        "`conversation`, `category`, `language`, `origin` and `rank` (0 is the answer that "
        "people liked best, empty where nobody ranked)."
    )
    yield from ["", "| category | examples |", "|---|---|"]
    for category, count in facts.categories.items():
        yield f"| {category or 'none'} | {count:,} |"
    yield from ["", "## Who made it", ""]
    yield _people(facts)
    for guided in facts.guidelines:
        told = counted(guided.texts, "text was", "texts were")
        yield f"- {told} written under guideline {guided.number}"
    yield from ["", "## Licence and consent", "", *consent_lines(facts)]
    if facts.models:
        yield from ["", "## Models trained on it", "", *(f"- {m}" for m in facts.models)]


def _people(facts: Facts) -> str:
    texts = ", ".join(
        f"{count:,} {KINDS[origin]}" for origin, count in facts.origins.items()
    )
    return (
        f"{counted(facts.texts, 'text')} ({texts}) by {counted(facts.writers, 'writer')}; "
        f"{counted(facts.reviews, 'review')} by {counted(facts.reviewers, 'reviewer')}. "
        f"{judged_by(facts)} {ranked(facts)} "
        f"{personal_data(facts)}"
    )
