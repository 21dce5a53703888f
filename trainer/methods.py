"""How a model can learn: what each method can be told, reads, and makes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from curation import handoff
from curation.handoff import FrozenVersion
from trainer.config import RunConfig, setting
from trainer.errors import TrainerError
from trainer.models import Run

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


@dataclass(frozen=True)
class WriterConfig(RunConfig):
    """Of a model that answers: its answers are sampled, and offered to people."""

    samples: int = setting(
        20,
        _("Sample answers"),
        _("To held-out prompts."),
        least=0,
        most=200,
        is_advanced=False,
    )
    max_new_tokens: int = setting(64, _("Tokens per answer"), least=1, most=2048)
    temperature: float = setting(0.7, _("Temperature"), least=0, most=2)
    offer: bool = setting(
        default=True,
        label=_("Give the sampled answers back to people, to be ranked blind"),
        is_advanced=False,
    )

    def check(self) -> None:
        if self.max_length <= self.max_new_tokens:
            raise TrainerError(
                gettext("“Tokens per example” must leave room for an answer.")
            )


# What no recipe that trains is told.
OF_THE_ANSWERS = ("samples", "max_new_tokens", "temperature", "offer")


SHARDS: tuple[tuple[int, StrPromise], ...] = (
    (1, _("One, of all examples")),
    (2, _("The mean of two, each of half of them")),
    (4, _("The mean of four, each of a quarter")),
)


@dataclass(frozen=True)
class SftConfig(WriterConfig):
    replay_share: float = setting(
        0.25,
        _("Share of the base's own examples"),
        _("Mixed in against forgetting, where the base brings some."),
        least=0,
        most=0.9,
    )
    shards: int = setting(
        1,
        _("Adapters"),
        _(
            "Of several, each learns its part of the examples, and their mean answers. "
            "When a text is taken back, only the one that learned it is trained again. "
            "The mean knows clearly less than one adapter of all examples."
        ),
        choices=SHARDS,
    )

    def check(self) -> None:
        super().check()
        if self.shards > 1 and self.is_whole:
            raise TrainerError(
                gettext("Only adapters are divided: tune an adapter, or take one part.")
            )
        if self.steps < self.shards:
            raise TrainerError(gettext("Each adapter needs a step at least."))


@dataclass(frozen=True)
class RewardConfig(RunConfig):
    """`batch_size` counts rankings, each with all its answers."""

    batch_size: int = setting(8, _("Rankings per step"), least=1, most=512)

    def check(self) -> None:
        if self.max_length < 32:
            raise TrainerError(
                gettext("“Tokens per example” must be at least 32 for a reward model.")
            )


@dataclass(frozen=True)
class DpoConfig(WriterConfig):
    batch_size: int = setting(8, _("Pairs per step"), least=1, most=512)
    lora_dropout: float = setting(0.0, _("Adapter dropout"), least=0, most=0.9)
    learning_rate: float = setting(
        5e-5, _("Learning rate"), _("Small models take larger ones."), least=1e-7, most=0.1
    )
    beta: float = setting(
        0.1,
        _("Beta"),
        _("The higher, the closer it stays to the model that it began as."),
        least=0.001,
        most=10,
        is_advanced=False,
    )
    soft_labels: bool = setting(
        default=True, label=_("Where people differ, be as sure as they are")
    )
    chosen_weight: float = setting(
        0.0,
        _("Weight of the better answer by itself"),
        _("Above 0 it stays likely, even where both answers would become less so."),
        least=0,
        most=10,
    )


@dataclass(frozen=True)
class UnpairedConfig(WriterConfig):
    learning_rate: float = setting(
        5e-5, _("Learning rate"), _("Small models take larger ones."), least=1e-7, most=0.1
    )
    beta: float = setting(
        0.1,
        _("Beta"),
        _("The higher, the closer it stays to the model that it began as."),
        least=0.001,
        most=10,
        is_advanced=False,
    )


WAYS = (
    ("cat", _("Whole (cat): all of each adapter, beside one another")),
    ("ties", _("By sign (ties): the largest changes; needs adapters of one rank")),
)


@dataclass(frozen=True)
class MergeConfig(WriterConfig):
    """Of an adapter made of others. It learns nothing, so little of a run is told it."""

    way: str = setting(WAYS[0][0], _("How"), choices=WAYS)


@dataclass(frozen=True)
class Method:
    """`trainer/recipes/<name>.py` does the work."""

    name: Run.Method
    config: type[RunConfig]
    table: str  # of a version, as curation.handoff names them; "" is its examples
    hint: StrPromise

    @property
    def label(self) -> StrPromise:
        return self.name.label

    @property
    def answers(self) -> bool:
        """Whether what comes of it writes answers, and not marks."""
        return issubclass(self.config, WriterConfig)

    @property
    def goes_on(self) -> bool:
        """Whether it goes on from a fine-tuned model, as a rule."""
        return self.name in (Run.Method.DPO, Run.Method.UNPAIRED)


EVERY = (
    Method(
        Run.Method.SFT,
        SftConfig,
        table="",
        hint=_("Learns to answer as people did in the accepted answers."),
    ),
    Method(
        Run.Method.REWARD,
        RewardConfig,
        table="pairs",
        hint=_("Learns what people prefer, and gives each answer a mark. It writes none."),
    ),
    Method(
        Run.Method.DPO,
        DpoConfig,
        table="pairs",
        hint=_("Learns to answer as people prefer, from a better and a worse answer."),
    ),
    Method(
        Run.Method.UNPAIRED,
        UnpairedConfig,
        table="unpaired",
        hint=_("Learns from answers that are good, or bad, by themselves."),
    ),
)
METHODS: dict[str, Method] = {method.name.value: method for method in EVERY}
# Not to be chosen where runs are asked for: it takes runs, see actions/merges.py.
MERGE = Method(
    Run.Method.MERGE,
    MergeConfig,
    table="",
    hint=_("Is made of adapters of other runs, and learns nothing itself."),
)


def named(name: str) -> Method:
    if name not in METHODS:
        raise TrainerError(gettext("There is no method “%(name)s”.") % {"name": name})
    return METHODS[name]


def of(run: Run) -> Method:
    return MERGE if run.is_merged else METHODS[run.method]


def settings_of(run: Run) -> RunConfig:
    """As they were stored with the run."""
    return of(run).config.parse(run.config)


class Rows(NamedTuple):
    """How many there are to learn from; preferences `are_known` where they were counted."""

    train: int
    held_out: int
    are_examples: bool
    are_known: bool = True
    rankings: int = 0

    @property
    def units(self) -> int:
        """What a batch counts: of a reward model whole rankings."""
        return self.rankings or self.train


def rows(method: Method, version: FrozenVersion) -> Rows:
    """Of a version, for a method. Reads a manifest where it is preferences."""
    counts = handoff.row_counts(version.id) if method.table else {}
    if method.table and counts:
        train, held_out = (
            counts.get(f"{method.table}_{split}", 0) for split in handoff.SPLITS
        )
        is_reward = method.name == Run.Method.REWARD
        rankings = counts.get("rankings_train", 0) if is_reward else 0
        return Rows(train, held_out, are_examples=False, rankings=rankings)
    return Rows(
        version.train_count,
        version.held_out_count,
        are_examples=not method.table,
        are_known=not method.table,
    )


def defaults(
    method: str = Run.Method.SFT, *, train_count: int, is_starter: bool, is_long: bool
) -> RunConfig:
    """What fits a method, so many examples of its kind, and a base."""
    chosen = named(method)
    fitting = _sft if chosen.name == Run.Method.SFT else _preferences
    settings = fitting(train_count, is_starter=is_starter, is_long=is_long)
    if chosen.answers:
        settings["max_new_tokens"] = 64 if is_starter else 256
    return chosen.config(**settings, **OWN[chosen.name][is_starter])


def _sft(train_count: int, *, is_starter: bool, is_long: bool) -> dict[str, Any]:
    """Three passes, but never fewer than 150 steps.

    Measured on the starter: 150 steps at 5e-3 bring 10 to 400 examples to where more steps
    do not help. Larger models learn at 2e-4, and want a larger adapter. Long texts, as in
    conversations, fill a batch of 8 as short ones fill one of 16; two passes over them take
    the starter as far as it goes.
    """
    batch_size, passes = 16 if is_starter or train_count >= 64 else 4, 3
    if is_starter and is_long:
        batch_size, passes = 8, 2
    steps = min(2000, max(150, math.ceil(passes * train_count / batch_size)))
    return {**_shared(steps, is_starter=is_starter), "batch_size": batch_size}


def _preferences(train_count: int, *, is_starter: bool, is_long: bool) -> dict[str, Any]:
    """One pass over what people prefer, and of few never fewer than 40 steps.

    Measured on the starter: 40 steps of 8 rankings bring 560 pairs to 63% of the held-out
    ones; what comes later learns the pairs by heart. DPO after a fine-tune learns little,
    however long: see LOG.md.
    """
    batch_size = 8
    steps = min(2000, max(40, math.ceil(train_count / batch_size)))
    return {**_shared(steps, is_starter=is_starter), "batch_size": batch_size}


# What each has of its own, on larger models and on the starter.
OWN: dict[str, dict[bool, dict[str, Any]]] = {
    Run.Method.SFT: {False: {"learning_rate": 2e-4}, True: {"learning_rate": 5e-3}},
    Run.Method.REWARD: {False: {"learning_rate": 1e-4}, True: {"learning_rate": 3e-4}},
    # As after a fine-tune; at 5e-4 what 380 pairs teach holds for no other pairs.
    Run.Method.DPO: {False: {"learning_rate": 5e-5}, True: {"learning_rate": 1e-4}},
    Run.Method.UNPAIRED: {False: {"learning_rate": 5e-5}, True: {"learning_rate": 5e-4}},
}


def _shared(steps: int, *, is_starter: bool) -> dict[str, Any]:
    every = max(10, math.ceil(steps / 8))  # a look costs as much as several steps
    return {
        "steps": steps,
        "warmup_steps": 0 if is_starter else math.ceil(steps / 20),
        "lora_r": 8 if is_starter else 16,
        "lora_alpha": 16 if is_starter else 32,
        "eval_every": every,
        "checkpoint_every": min(2 * every, 100),
        "max_length": 512 if is_starter else 1024,
    }
