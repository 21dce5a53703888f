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
        "name": f"{run.version.dataset.slug}-run-{run.pk}",
        "method": made.get("recipe", "sft"),
        "base": {
            "name": run.base.name,
            "location": run.base.location if run.base.kind == run.base.Kind.HUB else "",
            "revision": run.base.revision or run.base.content_key,
            "licence": run.base.licence,
        },
        **handoff.behind(run.version_id),
        "evaluation": _compared(judged),
        "retention": _compared(judged.get("retention")),
        "weights_sha256": sha256(weights) if weights.is_file() else run.adapter_sha256,
    }


def merged(runs: list[Run], method: str) -> Facts:
    """Of several runs' adapters in one: what stands behind any of them."""
    each = [facts(run) for run in runs]
    first = each[0]
    joined: Facts = {"name": "-and-".join(one["name"] for one in each), "method": "merge"}
    for name in ("consents", "guidelines", "languages"):
        joined[name] = sorted({told for one in each for told in one[name]})
    versions = {one["version"]["digest"]: one for one in each}
    joined["version"] = {
        "title": ", ".join(one["version"]["title"] for one in versions.values()),
        "digest": ", ".join(versions),
    }
    joined["licence"] = " and ".join(sorted({one["licence"] for one in each}))
    joined["withdrawn"] = sum(one["withdrawn"] for one in versions.values())
    counts: dict[str, int] = {}
    for one in versions.values():
        for category, count in one["counts"].items():
            counts[category] = counts.get(category, 0) + count
    return {
        **joined,
        "counts": counts,
        "base": first["base"],
        "merged": [f"{one['name']} ({method}): {one['weights_sha256']}" for one in each],
    }


def _compared(report: Facts | None) -> Facts | None:
    if not report or not report.get("before"):
        return None
    return {"before": report["before"], "after": report.get("after")}
