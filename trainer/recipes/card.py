"""The model card that goes with a model: what it is, what it learned from, what it can do.

Hugging Face's metadata on top, as YAML; below it the same for people. Made of facts from
the record of the data and of the run; without torch and without Django.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# Of the hub's list of licence names; others are told as such.
LICENCES = frozenset(
    {
        "apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0", "gpl-3.0", "agpl-3.0", "lgpl-3.0", "bsd-3-clause", "odc-by",
        "odbl", "unlicense", "openrail", "gemma", "llama3", "llama3.1", "llama3.2",
    }
)  # fmt: skip
METHODS = {
    "sft": "supervised fine-tuning on accepted answers",
    "reward": "a reward model from people's rankings",
    "dpo": "direct preference optimisation on people's preferences",
    "unpaired": "single judgements, good or bad",
    "merge": "a merge of several adapters",
}
Facts = dict[str, Any]


def card(facts: Facts, *, is_adapter: bool) -> str:
    """README.md. What a fact is missing of is left out."""
    parts = [_front(facts, is_adapter=is_adapter), *_body(facts, is_adapter=is_adapter)]
    return "\n".join(parts) + "\n"


# ---- for machines --------------------------------------------------------------------


def _front(facts: Facts, *, is_adapter: bool) -> str:
    base, licence = facts.get("base", {}), str(facts.get("licence") or "")
    known = licence.lower() in LICENCES
    fields: Facts = {"library_name": "peft" if is_adapter else "transformers"}
    if licence:
        fields["license"] = licence.lower() if known else "other"
    if licence and not known:
        fields["license_name"] = licence
    if HUB_ID.fullmatch(str(base.get("location") or "")):
        fields["base_model"] = base["location"]
        fields["base_model_relation"] = "adapter" if is_adapter else "finetune"
    if facts.get("method") != "reward":
        fields["pipeline_tag"] = "text-generation"
    else:
        fields["pipeline_tag"] = "text-classification"
    if facts.get("languages"):
        fields["language"] = sorted(facts["languages"])
    fields["tags"] = ["winnow", str(facts.get("method") or "sft")]
    if results := list(_results(facts)):
        fields["model-index"] = [{"name": facts.get("name", ""), "results": results}]
    # JSON is YAML.
    lines = [f"{name}: {_json(value)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", ""])


def _results(facts: Facts) -> Iterator[Facts]:
    told = {"evaluation": "held-out answers", "retention": "the base's own tasks"}
    for name, on in told.items():
        after = (facts.get(name) or {}).get("after")
        if after:
            yield {
                "task": {"type": "text-generation"},
                "dataset": {"name": f"{on} of {_version(facts)}", "type": "winnow"},
                "metrics": [{"type": "loss", "value": after["loss"]}],
            }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


# ---- for people ----------------------------------------------------------------------


def _body(facts: Facts, *, is_adapter: bool) -> Iterator[str]:
    yield f"# {_plain(facts.get('name', 'A model'))}\n"
    made = METHODS.get(str(facts.get("method")), "fine-tuning")
    kind = "A LoRA adapter" if is_adapter else "Whole weights"
    yield f"{kind}, made by {made}, from data that people wrote and reviewed.\n"
    yield from _base(facts, is_adapter=is_adapter)
    yield from _data(facts)
    yield from _gains(facts)
    if facts.get("merged"):
        yield "## Merged\n"
        yield from (f"- `{sha}`" for sha in facts["merged"])
        yield ""
    if facts.get("weights_sha256"):
        yield f"SHA-256 of the adapter's weights: `{facts['weights_sha256']}`."


def _base(facts: Facts, *, is_adapter: bool) -> Iterator[str]:
    base = facts.get("base")
    if not base:
        return
    yield "## Base model\n"
    revision = f", revision `{base['revision']}`" if base.get("revision") else ""
    yield f"{_plain(base.get('name', ''))}{revision}."
    if is_adapter:
        yield "The adapter fits this base and no other."
    if base.get("licence"):
        yield f"Licence of the base: {_plain(base['licence'])}."
    yield ""


def _data(facts: Facts) -> Iterator[str]:
    yield "## Data\n"
    yield f"- Version: {_plain(_version(facts))}"
    version = facts.get("version") or {}
    if version.get("digest"):
        yield f"- Digest: `{version['digest']}`"
    for name, said in (
        ("contributors", "Contributors"),
        ("withdrawn", "Texts taken back since it was frozen"),
    ):
        if facts.get(name) is not None:
            yield f"- {said}: {facts[name]}"
    for name, said in (("consents", "Consents"), ("guidelines", "Guidelines")):
        if facts.get(name):
            yield f"- {said}: " + ", ".join(_plain(one) for one in facts[name])
    if facts.get("licence"):
        yield f"- Licence: {_plain(facts['licence'])}"
    yield ""
    if facts.get("counts"):
        yield "| Category | Examples |\n| --- | --- |"
        for name, count in sorted(facts["counts"].items()):
            yield f"| {_cell(name)} | {count} |"
        yield ""


def _gains(facts: Facts) -> Iterator[str]:
    told = {
        "evaluation": "On held-out answers",
        "retention": "On the base's own tasks, which no run replays",
    }
    found = {said: facts[name] for name, said in told.items() if facts.get(name)}
    if not found:
        return
    yield "## Evaluation\n"
    yield "Loss a token, lower is better.\n"
    for said, report in found.items():
        yield f"{said}:\n"
        yield "| Category | Examples | Base | This model |\n| --- | --- | --- | --- |"
        before, after = report["before"], report["after"]
        yield _line("All", before, after)
        for name, part in before.get("by_category", {}).items():
            yield _line(_cell(name), part, (after or {}).get("by_category", {}).get(name))
        yield ""


def _line(name: str, before: Facts, after: Facts | None) -> str:
    now = f"{after['loss']:.3f}" if after else ""
    return f"| {name} | {before['examples']} | {before['loss']:.3f} | {now} |"


def _version(facts: Facts) -> str:
    version = facts.get("version") or {}
    return str(version.get("title") or "unnamed data")


def _plain(text: Any) -> str:
    """On one line, and no markup of its own."""
    flat = " ".join(str(text).split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", flat)


def _cell(text: Any) -> str:
    return _plain(text)
