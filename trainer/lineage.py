"""What a model's card says: of the run, of its base, and of the data behind it."""

from __future__ import annotations

from typing import Any

from curation import handoff
from trainer.folders import ADAPTER, WEIGHTS, folder_of
from trainer.models import Run
from trainer.recipes.common import MANIFEST, read_object, sha256

Facts = dict[str, Any]


def facts(run: Run) -> Facts:
    """For trainer/recipes/card.py. Causes queries, the first time many."""
    folder = folder_of(run)
    made = read_object(folder / MANIFEST) or {}
    judged = read_object(folder / "eval.json") or {}
    weights = folder / ADAPTER / WEIGHTS
    return {
        "name": _name(run),
        "method": made.get("recipe", run.method),
        "base": {
            "name": run.base.name,
            "location": run.base.location if run.base.kind == run.base.Kind.HUB else "",
            "revision": run.base.revision or run.base.content_key,
            "licence": run.base.licence,
        },
        **handoff.behind(run.learned_from()),
        "evaluation": _compared(judged),
        "retention": _compared(judged.get("retention")),
        "weights_sha256": sha256(weights) if weights.is_file() else run.adapter_sha256,
        "merged": _merged(run),
    }


def _name(run: Run) -> str:
    return f"{run.version.dataset.slug}-run-{run.pk}"


def _merged(run: Run) -> list[str]:
    """A line for each part: its name, how it was merged, and its weights' hash."""
    parts = run.parts.select_related("run__version__dataset")
    return [
        f"{_name(part.run)} ({run.config['way']}): {part.run.adapter_sha256}"
        for part in parts
    ]


def _compared(report: Facts | None) -> Facts | None:
    if not report or not report.get("before"):
        return None
    return {"before": report["before"], "after": report.get("after")}
