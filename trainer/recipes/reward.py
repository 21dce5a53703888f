"""A reward model from rankings: one mark a reply, the better the higher.

python -m trainer.recipes.reward runs/7/config.json

Each reply is read once, and every two of a ranking that are not equal are compared:
`-log sigmoid(better - worse)`, the mean over a ranking's pairs, then over rankings. Pairs
that belong to no ranking (edits) are rankings of two.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.recipes import outputs, preferences, tuning, verdicts
from trainer.recipes.common import Trouble, demand, emit, run, versions
from trainer.recipes.data import sample
from trainer.recipes.device import set_up, world_size
from trainer.recipes.items import Collator, Item, Items, flat, render_items
from trainer.recipes.losses import mean_surprise, surprise
from trainer.recipes.marks import marks
from trainer.recipes.order import training_order
from trainer.recipes.reporting import Reporter
from trainer.recipes.settings import Settings
from trainer.recipes.trainers import (
    PreferenceTrainer,
    computed_in,
    resume_point,
    tokens_by_step,
    told,
    train,
)
from trainer.recipes.verdicts import Verdict

RECIPE = "reward"


@dataclass(frozen=True)
class Config(Settings):
    """`batch_size` counts rankings, so a batch has several times as many replies."""

    batch_size: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(self.max_length >= 32, "Give 'max_length' room for 32 tokens at least.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    out, data = Path(cfg.out), Path(cfg.data)
    read = preferences.files(data, preferences.RANKINGS, preferences.PAIRS)
    identity = outputs.identity(asdict(cfg), [*read, outputs.weights_of(cfg.parent)])
    if finished := outputs.claim(out, identity):
        emit("done", **outputs.summary(finished))
        return finished
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, model, made = tuning.open_model(cfg, device, tuning.REWARD)
    own, held_out = read_items(cfg, tokenizer)
    order = training_order(
        [item.width for item in own.kept],
        own=len(own.kept),
        replay_share=0,
        size=cfg.batch_size * cfg.accumulate * world_size(),
        count=cfg.steps,
        seed=cfg.seed,
    )
    outputs.write_lines(out / "dropped.jsonl", own.dropped + held_out.dropped)
    outputs.write_order(out / "order.jsonl", [own.kept[i].id for i in order], cfg.steps)

    # ---- train -----------------------------------------------------------------------
    pad = tuning.padding(tokenizer)
    watched = sample(held_out.kept, cfg.held_out_limit, cfg.seed)
    tokens = tokens_by_step(order, [item.tokens for item in own.kept], cfg.steps)
    trainer = RewardTrainer(
        cfg,
        model=model,
        train_dataset=own.kept,
        data_collator=Collator(pad),
        order=order,
        callbacks=[Reporter(cfg, tokens, lambda model: watch(model, watched, pad), EXTRAS)],
    )
    checkpoint, resumed_at = resume_point(out)
    emit("started", steps=cfg.steps, examples=len(own.kept), held_out=len(held_out.kept),
         tokens=tokens[resumed_at], replies=len(flat(own.kept)), dropped=len(own.dropped),
         cut=own.cut, device=str(device), versions=versions(),
         resumed_at=resumed_at, dtype=computed_in(trainer))  # fmt: skip
    started = time.monotonic()
    train(trainer, checkpoint)

    # ---- judge what is held out, and save --------------------------------------------
    found, lines = judged(trainer.model, held_out.kept, pad)
    outputs.write_lines(out / outputs.VERDICTS, lines)
    facts = {
        "recipe": RECIPE,
        "identity": identity,
        "config": asdict(cfg),
        "made": made,
        "examples": len(own.kept),
        "replies": len(flat(own.kept)),
        "pairs": sum(len(item.pairs) for item in own.kept),
        "held_out_examples": len(held_out.kept),
        "tokens": tokens[-1],
        **told(trainer),
        "preferences": verdicts.report(found),
        "seconds": round(time.monotonic() - started, 1),
        "resumed_at": resumed_at,
        "versions": versions(),
        "dropped": len(own.dropped),
        "cut": own.cut,
    }
    manifest = facts
    if trainer.is_world_process_zero():
        manifest = outputs.save(out, trainer.model, tokenizer, cfg, facts)
    emit("done", **outputs.summary(manifest))
    return manifest


def read_items(cfg: Config, tokenizer: Any) -> tuple[Items, Items]:
    data = Path(cfg.data)
    found = preferences.read_ranked(data, preferences.TRAIN)
    own = render_items(tokenizer, found, cfg.max_length)
    if not own.kept:
        why = f"; the first was dropped: {own.dropped[0]['reason']}" if own.dropped else ""
        raise Trouble(
            f"There is no ranking to learn from{why}. Freeze a version with preferences."
        )
    watched = preferences.read_ranked(data, preferences.HELD_OUT)
    return own, render_items(tokenizer, watched, cfg.max_length)


# ---- the loss ------------------------------------------------------------------------

EXTRAS = ("accuracy", "margin")


class RewardTrainer(PreferenceTrainer):
    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 (the Trainer's signature)
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        assert not return_outputs, "nothing here asks for the marks"
        given = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            use_cache=False,
        )
        reward = given.logits[:, 0].float()
        margins = reward[inputs["better"]] - reward[inputs["worse"]]
        weights = inputs["weights"]
        self.note(
            accuracy=(weights * (margins > 0)).sum(), margin=(weights * margins).sum()
        )
        return (weights * surprise(margins, inputs["shares"])).sum()


# ---- held-out rankings ---------------------------------------------------------------


def watch(model: Any, items: Sequence[Item], pad: int) -> dict[str, Any] | None:
    if not items:
        return None
    found, _ = judged(model, items, pad)
    margins = [verdict.margin for verdict in found]
    return {"loss": mean_surprise(items, margins), **verdicts.totals(found)}


def judged(
    model: Any, items: Sequence[Item], pad: int
) -> tuple[list[Verdict], list[dict[str, Any]]]:
    return verdicts.judge(items, marks(model, flat(items), pad=pad))


if __name__ == "__main__":
    run(main, Config)
