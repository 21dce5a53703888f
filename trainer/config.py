"""What a person may decide about a run: each setting with its limits and its default."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trainer.errors import TrainerError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

WRONG_KIND = {
    bool: _("“%(label)s” must be yes or no."),
    int: _("“%(label)s” must be a whole number."),
    float: _("“%(label)s” must be a number."),
}


def setting(
    default: float | int | bool,  # noqa: FBT001 (a default that happens to be one)
    label: StrPromise,
    hint: StrPromise | str = "",
    *,
    least: float = 0,
    most: float = 1,
    is_advanced: bool = True,
) -> Any:
    facts = {"label": label, "hint": hint, "least": least, "most": most}
    return dataclasses.field(default=default, metadata=facts | {"is_advanced": is_advanced})


@dataclass(frozen=True)
class RunConfig:
    """Stored with the run and never changed: a resume finds the same settings."""

    steps: int = setting(
        150,
        _("Steps"),
        _("Each step learns from one batch."),
        least=1,
        most=100_000,
        is_advanced=False,
    )
    batch_size: int = setting(16, _("Examples per step"), least=1, most=512)
    learning_rate: float = setting(
        2e-4, _("Learning rate"), _("Small models take larger ones."), least=1e-7, most=0.1
    )
    warmup_steps: int = setting(0, _("Warm-up steps"), least=0, most=10_000)
    lora_r: int = setting(8, _("Adapter rank"), _("Higher holds more."), least=1, most=256)
    lora_alpha: int = setting(16, _("Adapter scale"), least=1, most=1024)
    lora_dropout: float = setting(0.05, _("Adapter dropout"), least=0, most=0.9)
    replay_share: float = setting(
        0.25,
        _("Share of the base's own examples"),
        _("Mixed in against forgetting, where the base brings some."),
        least=0,
        most=0.9,
    )
    max_length: int = setting(
        512, _("Tokens per example"), _("The rest is cut."), least=16, most=32_768
    )
    eval_every: int = setting(
        25,
        _("Held-out loss every"),
        _("Steps; 0 is before and after only."),
        least=0,
        most=100_000,
    )
    checkpoint_every: int = setting(
        25,
        _("Checkpoint every"),
        _("Steps that a lost worker costs at most."),
        least=0,
        most=100_000,
    )
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
    seed: int = setting(
        1, _("Seed"), _("The same seed gives the same model."), least=0, most=2**31 - 1
    )
    threads: int = setting(
        1, _("Threads"), _("On a CPU; more help large models only."), least=1, most=64
    )
    offer: bool = setting(
        default=True,
        label=_("Give the sampled answers back to people, to be ranked blind"),
        is_advanced=False,
    )

    @classmethod
    def parse(cls, raw: dict[str, Any]) -> RunConfig:
        """Refuse what is unknown, of another kind, or out of range, in one sentence."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        if unknown := sorted(raw.keys() - fields.keys()):
            raise TrainerError(
                gettext("There is no setting “%(name)s”.") % {"name": unknown[0]}
            )
        config = cls(**{name: _checked(fields[name], value) for name, value in raw.items()})
        if config.max_length <= config.max_new_tokens:
            raise TrainerError(
                gettext("“Tokens per example” must leave room for an answer.")
            )
        return config

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    label, least, most = (field.metadata[key] for key in ("label", "least", "most"))
    kind = type(field.default)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise TrainerError(WRONG_KIND[kind] % {"label": label})
    # Written this way round, so that "not a number" is refused too.
    if not least <= value <= most:
        said = gettext("“%(label)s” must be from %(least)g to %(most)g.")
        raise TrainerError(said % {"label": label, "least": least, "most": most})
    return value


def defaults(*, train_count: int, is_starter: bool, is_long: bool) -> RunConfig:
    """What fits so many examples: three passes, but never fewer than 150 steps.

    Measured on the starter: 150 steps at 5e-3 bring 10 to 400 examples to where more steps
    do not help. Larger models learn at 2e-4, and want a larger adapter. Long texts, as in
    conversations, fill a batch of 8 as short ones fill one of 16; two passes over them take
    the starter as far as it goes.
    """
    batch_size, passes = 16 if is_starter or train_count >= 64 else 4, 3
    if is_starter and is_long:
        batch_size, passes = 8, 2
    steps = min(2000, max(150, math.ceil(passes * train_count / batch_size)))
    every = max(5, math.ceil(steps / 12))
    return RunConfig(
        steps=steps,
        batch_size=batch_size,
        learning_rate=5e-3 if is_starter else 2e-4,
        warmup_steps=0 if is_starter else math.ceil(steps / 20),
        lora_r=8 if is_starter else 16,
        lora_alpha=16 if is_starter else 32,
        eval_every=every,
        checkpoint_every=min(2 * every, 100),
        max_new_tokens=64 if is_starter else 256,
        max_length=512 if is_starter else 1024,
    )
