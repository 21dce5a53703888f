"""Learning from replies that are good or bad by themselves, as KTO does.

python -m trainer.recipes.unpaired runs/7/config.json

A good reply should get likelier than it was by more than replies to other prompts did, a
bad one by less. What the model said before stands in `reference.jsonl`, as with DPO, and
held-out pairs are judged in the same way, so that the two can be compared.
"""

from __future__ import annotations

import random
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
from trainer.recipes.items import Item, Items, flat, render_items
from trainer.recipes.likelihood import judged, log_probs, rewards, shifts
from trainer.recipes.order import training_order
from trainer.recipes.reference import NAME as REFERENCE
from trainer.recipes.reference import Named, Reference, looked_up, reference_of
from trainer.recipes.reporting import Reporter
from trainer.recipes.scoring import padded, reply_logps
from trainer.recipes.settings import Settings
from trainer.recipes.singles import Single, Singles, render_singles
from trainer.recipes.trainers import (
    PreferenceTrainer,
    computed_in,
    resume_point,
    tokens_by_step,
    told,
    train,
)

RECIPE = "unpaired"
EXTRAS = ("accuracy", "margin", "chosen_shift")


@dataclass(frozen=True)
class Config(Settings):
    """`batch_size` counts replies."""

    learning_rate: float = 5e-5
    beta: float = 0.1  # the higher, the closer it stays to what it was
    good_weight: float | None = None  # without one, the rarer kind weighs so much more
    bad_weight: float | None = None  # that both weigh the same

    def __post_init__(self) -> None:
        super().__post_init__()
        demand(self.beta > 0, "The setting 'beta' must be positive.")
        demand(self.batch_size > 1, "'batch_size' must be 2 or more: prompts are swapped.")
        for weight in (self.good_weight, self.bad_weight):
            demand(weight is None or weight > 0, "A weight must be positive.")


def main(cfg: Config) -> dict[str, Any]:
    # ---- set up ----------------------------------------------------------------------
    out, data = Path(cfg.out), Path(cfg.data)
    read = preferences.files(data, preferences.UNPAIRED, preferences.PAIRS)
    identity = outputs.identity(asdict(cfg), [*read, outputs.weights_of(cfg.parent)])
    if finished := outputs.claim(out, identity):
        emit("done", **outputs.summary(finished))
        return finished
    device = set_up(seed=cfg.seed, threads=cfg.threads)
    tokenizer, model, made = tuning.open_model(cfg, device)
    own, held_out, pairs = read_singles(cfg, tokenizer)
    order = training_order(
        [single.width for single in own.kept],
        own=len(own.kept),
        replay_share=0,
        size=cfg.batch_size * cfg.accumulate * world_size(),
        count=cfg.steps,
        seed=cfg.seed,
    )
    dropped = own.dropped + held_out.dropped + pairs.dropped
    outputs.write_lines(out / "dropped.jsonl", dropped)
    outputs.write_order(out / "order.jsonl", [own.kept[i].id for i in order], cfg.steps)

    # ---- what the model says before --------------------------------------------------
    pad = int(tokenizer.pad_token_id)
    every: list[Named] = [*own.kept, *held_out.kept, *pairs.kept]
    reference = reference_of(model, every, out / REFERENCE, pad)

    # ---- train -----------------------------------------------------------------------
    weights = balanced(cfg, own.kept)
    tokens = tokens_by_step(order, [single.tokens for single in own.kept], cfg.steps)
    watched = sample(held_out.kept, cfg.held_out_limit, cfg.seed)
    compared = sample(pairs.kept, cfg.held_out_limit, cfg.seed)

    def watch(model: Any) -> dict[str, Any] | None:
        facts = held_out_facts(cfg, model, watched, reference, weights, pad)
        return facts and facts | pair_facts(cfg, model, compared, reference, pad)

    trainer = KTOTrainer(
        cfg,
        model=model,
        train_dataset=own.kept,
        data_collator=SingleCollator(pad, reference, weights),
        order=order,
        callbacks=[Reporter(cfg, tokens, watch, EXTRAS)],
    )
    checkpoint, resumed_at = resume_point(out)
    emit("started", steps=cfg.steps, examples=len(own.kept), held_out=len(held_out.kept),
         tokens=tokens[resumed_at], good=own.good, bad=len(own.kept) - own.good,
         dropped=len(own.dropped), cut=own.cut, device=str(device), versions=versions(),
         resumed_at=resumed_at, dtype=computed_in(trainer))  # fmt: skip
    started = time.monotonic()
    train(trainer, checkpoint)

    # ---- judge what is held out, and save --------------------------------------------
    before = looked_up(reference, pairs.kept)
    after = log_probs(trainer.model, flat(pairs.kept), pad)
    found, lines = judged(cfg.beta, pairs.kept, before, after)
    outputs.write_lines(out / outputs.VERDICTS, lines)
    facts = {
        "recipe": RECIPE,
        "identity": identity,
        "config": asdict(cfg),
        "made": made,
        "examples": len(own.kept),
        "good": own.good,
        "weights": {"good": weights[True], "bad": weights[False]},
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


def read_singles(cfg: Config, tokenizer: Any) -> tuple[Singles, Singles, Items]:
    """To learn from, to watch, and the held-out pairs."""
    data, dice = Path(cfg.data), random.Random(cfg.seed)
    found = preferences.read_judged(data, preferences.TRAIN)
    own = render_singles(tokenizer, found, cfg.max_length, dice)
    if not 0 < own.good < len(own.kept):
        raise Trouble(
            "There must be good replies to learn from, and bad ones. Freeze a version with "
            "preferences or edits."
        )
    watched = preferences.read_judged(data, preferences.HELD_OUT)
    pairs = preferences.read_pairs(data, preferences.HELD_OUT)
    return (
        own,
        render_singles(tokenizer, watched, cfg.max_length, dice),
        render_items(tokenizer, pairs, cfg.max_length),
    )


def balanced(cfg: Config, singles: Sequence[Single]) -> dict[bool, float]:
    good = sum(single.is_good for single in singles)
    bad = len(singles) - good
    return {
        True: cfg.good_weight or max(1.0, bad / good),
        False: cfg.bad_weight or max(1.0, good / bad),
    }


# ---- the loss ------------------------------------------------------------------------


class SingleCollator:
    """Replies after their own prompts, and the same prompts before others' replies."""

    def __init__(self, pad: int, reference: Reference, weights: dict[bool, float]) -> None:
        self.pad, self.reference, self.weights = pad, reference, weights

    def __call__(self, singles: list[Single]) -> dict[str, torch.Tensor]:
        cpu = torch.device("cpu")
        batch: dict[str, torch.Tensor] = {}
        for place, name in enumerate(("own", "swapped")):
            ids, mask, learned = padded([s.rows[place] for s in singles], self.pad, cpu)
            batch |= {f"{name}_ids": ids, f"{name}_mask": mask, f"{name}_learned": learned}
        said = torch.tensor([self.reference[single.id] for single in singles])
        batch |= {"own_reference": said[:, 0], "swapped_reference": said[:, 1]}
        batch["is_good"] = torch.tensor([single.is_good for single in singles])
        batch["weights"] = torch.tensor([self.weights[s.is_good] for s in singles])
        return batch


class KTOTrainer(PreferenceTrainer):
    """tests/trainer/test_recipe_unpaired.py holds its loss to TRL's."""

    cfg: Config

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,  # noqa: FBT001, FBT002 (the Trainer's signature)
        num_items_in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        assert not return_outputs, "nothing here asks for the logits"
        with self.accelerator.autocast():
            with torch.no_grad():
                elsewhere = self.moved(model, inputs, "swapped")
            moved = self.moved(model, inputs, "own")
        usual = self.accelerator.reduce(elsewhere.mean(), reduction="mean").clamp(min=0)
        is_good, weights = inputs["is_good"], inputs["weights"]
        length = (inputs["own_learned"] != IGNORE).sum(dim=1)
        good = is_good.float()
        self.note(
            accuracy=((moved > usual) == is_good).float().mean(),
            margin=self.cfg.beta * ((2 * good - 1) * (moved - usual)).mean(),
            chosen_shift=(good * moved / length).sum() / good.sum().clamp(min=1),
        )
        return (weights * regret(self.cfg.beta * (moved - usual), is_good)).mean()

    @staticmethod
    def moved(model: Any, inputs: dict[str, torch.Tensor], name: str) -> torch.Tensor:
        ids, mask, learned = (
            inputs[f"{name}_{part}"] for part in ("ids", "mask", "learned")
        )
        return reply_logps(model, ids, mask, learned) - inputs[f"{name}_reference"]


def regret(reward: torch.Tensor, is_good: torch.Tensor) -> torch.Tensor:
    """What is missing to full delight in a good reply, or to full dislike of a bad one."""
    return 1 - torch.sigmoid(torch.where(is_good, reward, -reward))


# ---- held out ------------------------------------------------------------------------


def held_out_facts(
    cfg: Config,
    model: Any,
    singles: Sequence[Single],
    reference: Reference,
    weights: dict[bool, float],
    pad: int,
) -> dict[str, Any] | None:
    if not singles:
        return None
    rows = [row for single in singles for row in single.rows]
    now = torch.tensor(log_probs(model, rows, pad), dtype=torch.float64).view(-1, 2)
    then = torch.tensor(looked_up(reference, singles), dtype=torch.float64).view(-1, 2)
    moved, elsewhere = (now - then).unbind(dim=1)
    usual = elsewhere.mean().clamp(min=0)
    is_good = torch.tensor([single.is_good for single in singles])
    each = torch.tensor([weights[single.is_good] for single in singles])
    return {"loss": float((each * regret(cfg.beta * (moved - usual), is_good)).mean())}


def pair_facts(
    cfg: Config, model: Any, items: Sequence[Item], reference: Reference, pad: int
) -> dict[str, Any]:
    if not items:
        return {}
    before, after = looked_up(reference, items), log_probs(model, flat(items), pad)
    found, _ = verdicts.judge(items, rewards(cfg.beta, before, after))
    return {**verdicts.totals(found), **shifts(items, before, after)}


if __name__ == "__main__":
    run(main, Config)
