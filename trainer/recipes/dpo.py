"""Direct preference optimisation: the preferred reply gets likelier than the other.

python -m trainer.recipes.dpo runs/7/config.json

`-log sigmoid(beta (better's log-ratio - worse's))`, each log-ratio taken against the model
as it was before: the parent, or the base. What that one says of each reply is computed once
and kept in `reference.jsonl`, so no second model is held and no second forward is done.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.recipes import outputs, preferences, tuning, verdicts
from trainer.recipes.chat import IGNORE
from trainer.recipes.common import Trouble, demand, emit, run, versions
from trainer.recipes.data import sample
from trainer.recipes.device import set_up, world_size
from trainer.recipes.items import Collator, Item, Items, flat, render_items
from trainer.recipes.likelihood import judged, log_probs, rewards, shifts
from trainer.recipes.losses import mean_surprise, surprise
from trainer.recipes.order import training_order
from trainer.recipes.reference import NAME as REFERENCE
from trainer.recipes.reference import Reference, looked_up, reference_of
from trainer.recipes.reporting import Reporter
from trainer.recipes.scoring import reply_logps
from trainer.recipes.settings import Settings
from trainer.recipes.trainers import (
    PreferenceTrainer,
    computed_in,
    resume_point,
    tokens_by_step,
    told,
    train,
)

RECIPE = "dpo"
EXTRAS = ("accuracy", "margin", "chosen_shift")


@dataclass(frozen=True)
class Config(Settings):
    """`batch_size` counts pairs."""

    batch_size: int = 8
    learning_rate: float = 5e-5
    lora_dropout: float = 0.0  # the reference was asked without
    beta: float = 0.1  # the higher, the closer it stays to what it was
    soft_labels: bool = True  # where people differ, as sure as they are
    chosen_weight: float = 0.0  # of the better reply's own loss: against collapse

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(self.beta > 0, "The setting 'beta' must be positive.")
        demand(self.chosen_weight >= 0, "'chosen_weight' must not be negative.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    out, data = Path(cfg.out), Path(cfg.data)
    read = preferences.files(data, preferences.PAIRS)
    identity = outputs.identity(asdict(cfg), [*read, outputs.weights_of(cfg.parent)])
    if finished := outputs.claim(out, identity):
        emit("done", **outputs.summary(finished))
        return finished
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, model, made = tuning.open_model(cfg, device)
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

    # ---- what the model says before --------------------------------------------------
    pad = int(tokenizer.pad_token_id)
    every = own.kept + held_out.kept
    reference = reference_of(model, every, out / REFERENCE, pad)

    # ---- train -----------------------------------------------------------------------
    watched = sample(held_out.kept, cfg.held_out_limit, cfg.seed)
    tokens = tokens_by_step(order, [item.tokens for item in own.kept], cfg.steps)

    def watch(model: Any) -> dict[str, Any] | None:
        return held_out_facts(cfg, model, watched, reference, pad)

    trainer = DPOTrainer(
        cfg,
        model=model,
        train_dataset=own.kept,
        data_collator=PairCollator(pad, reference),
        order=order,
        callbacks=[Reporter(cfg, tokens, watch, EXTRAS)],
    )
    checkpoint, resumed_at = resume_point(out)
    emit("started", steps=cfg.steps, examples=len(own.kept), held_out=len(held_out.kept),
         tokens=tokens[resumed_at], dropped=len(own.dropped), cut=own.cut,
         device=str(device), dtype=computed_in(trainer), versions=versions(),
         resumed_at=resumed_at)  # fmt: skip
    started = time.monotonic()
    train(trainer, checkpoint)

    # ---- judge what is held out, and save --------------------------------------------
    before = looked_up(reference, held_out.kept)
    after = log_probs(trainer.model, flat(held_out.kept), pad)
    found, lines = judged(cfg.beta, held_out.kept, before, after)
    outputs.write_lines(out / outputs.VERDICTS, lines)
    facts = {
        "recipe": RECIPE,
        "identity": identity,
        "config": asdict(cfg),
        "made": made,
        "examples": len(own.kept),
        "held_out_examples": len(held_out.kept),
        "tokens": tokens[-1],
        **told(trainer),
        **found,
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
    found = preferences.read_pairs(data, preferences.TRAIN)
    own = render_items(tokenizer, found, cfg.max_length)
    if not own.kept:
        why = f"; the first was dropped: {own.dropped[0]['reason']}" if own.dropped else ""
        raise Trouble(
            f"There is no pair to learn from{why}. Freeze a version with preferences."
        )
    watched = preferences.read_pairs(data, preferences.HELD_OUT)
    return own, render_items(tokenizer, watched, cfg.max_length)


# ---- the loss ------------------------------------------------------------------------


class PairCollator(Collator):
    """And what the reference said of each row."""

    def __init__(self, pad: int, reference: Reference) -> None:
        super().__init__(pad)
        self.reference = reference

    def __call__(self, items: list[Item]) -> dict[str, torch.Tensor]:
        said = torch.tensor(looked_up(self.reference, items))
        return {**super().__call__(items), "reference": said}


class DPOTrainer(PreferenceTrainer):
    """tests/trainer/test_recipe_dpo.py holds its loss to TRL's."""

    cfg: Config

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 (the Trainer's signature)
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        assert not return_outputs, "nothing here asks for the logits"
        learned, weights = inputs["learned"], inputs["weights"]
        with self.accelerator.autocast():
            logps = reply_logps(
                model, inputs["input_ids"], inputs["attention_mask"], learned
            )
        moved = logps - inputs["reference"]
        better, worse = inputs["better"], inputs["worse"]
        margins = self.cfg.beta * (moved[better] - moved[worse])
        shares = inputs["shares"] if self.cfg.soft_labels else torch.ones_like(weights)
        loss = (weights * surprise(margins, shares)).sum()
        lengths = (learned[better] != IGNORE).sum(dim=1)
        if self.cfg.chosen_weight:
            own = -(weights * logps[better] / lengths).sum()
            loss = loss + self.cfg.chosen_weight * own
        self.note(
            accuracy=(weights * (margins > 0)).sum(),
            margin=(weights * margins).sum(),
            chosen_shift=(weights * moved[better] / lengths).sum(),
        )
        return loss


# ---- held-out pairs ------------------------------------------------------------------


def held_out_facts(
    cfg: Config, model: Any, items: Sequence[Item], reference: Reference, pad: int
) -> dict[str, Any] | None:
    """Loss, accuracy, and how far each side has moved."""
    if not items:
        return None
    before, after = looked_up(reference, items), log_probs(model, flat(items), pad)
    found, _ = verdicts.judge(items, rewards(cfg.beta, before, after))
    margins = [verdict.margin for verdict in found]
    return {
        "loss": mean_surprise(items, margins),
        **verdicts.totals(found),
        **shifts(items, before, after),
    }


if __name__ == "__main__":
    run(main, Config)
