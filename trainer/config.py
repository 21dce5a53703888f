"""What a person may decide about a run: each setting with its limits and its default."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trainer.errors import TrainerError
from trainer.recipes.settings import FULL, LORA, LORA_4BIT

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

C = TypeVar("C", bound="RunConfig")

WRONG_KIND = {
    bool: _("“%(label)s” must be yes or no."),
    int: _("“%(label)s” must be a whole number."),
    float: _("“%(label)s” must be a number."),
    str: _("“%(label)s” must be one of the names offered."),
}


def setting(
    default: float | int | bool | str,  # noqa: FBT001 (a default that happens to be one)
    label: StrPromise,
    hint: StrPromise | str = "",
    *,
    least: float = 0,
    most: float = 1,
    choices: Sequence[tuple[str | int, StrPromise]] = (),
    is_advanced: bool = True,
) -> Any:
    facts = {"label": label, "hint": hint, "least": least, "most": most}
    more = {"choices": choices, "is_advanced": is_advanced}
    return dataclasses.field(default=default, metadata=facts | more)


TUNINGS = (
    (LORA, _("An adapter beside the base (LoRA)")),
    (FULL, _("All weights")),
    (LORA_4BIT, _("An adapter on the base in 4 bits")),
)
AUTO, FP32, BF16 = "auto", "fp32", "bf16"
DTYPES = (
    (AUTO, _("As fits the machine: bf16 on a GPU that has it, else fp32")),
    (FP32, _("32 bits (fp32)")),
    (BF16, _("16 bits (bf16): faster for larger models")),
)


@dataclass(frozen=True)
class RunConfig:
    """What every method can be told. See methods.py for what each has besides.

    Stored with the run and never changed: a resume finds the same settings.
    """

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
    tuning: str = setting(
        LORA,
        _("What is tuned"),
        _("4 bits need an NVIDIA GPU with bitsandbytes."),
        choices=TUNINGS,
        is_advanced=False,
    )
    dtype: str = setting(
        AUTO,
        _("Computed in"),
        _("What is learned is kept in 32 bits either way."),
        choices=DTYPES,
    )
    lora_r: int = setting(8, _("Adapter rank"), _("Higher holds more."), least=1, most=256)
    lora_alpha: int = setting(16, _("Adapter scale"), least=1, most=1024)
    lora_dropout: float = setting(0.05, _("Adapter dropout"), least=0, most=0.9)
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
    seed: int = setting(
        1, _("Seed"), _("The same seed gives the same model."), least=0, most=2**31 - 1
    )
    threads: int = setting(
        1, _("Threads"), _("On a CPU; more help large models only."), least=1, most=64
    )

    @classmethod
    def parse(cls: type[C], raw: dict[str, Any]) -> C:
        """Refuse what is unknown, of another kind, or out of range, in one sentence."""
        fields = {field.name: field for field in dataclasses.fields(cls)}
        if unknown := sorted(raw.keys() - fields.keys()):
            raise TrainerError(
                gettext("There is no setting “%(name)s”.") % {"name": unknown[0]}
            )
        config = cls(**{name: _checked(fields[name], value) for name, value in raw.items()})
        config.check()
        return config

    def check(self) -> None:
        """Refuse settings that do not go together."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_whole(self) -> bool:
        """Whether all weights are tuned, so that a whole model comes of it."""
        return self.tuning == FULL


def _checked(field: dataclasses.Field[Any], value: Any) -> Any:
    label, least, most = (field.metadata[key] for key in ("label", "least", "most"))
    choices = dict(field.metadata["choices"])
    kind = type(field.default)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (choices and value not in choices):
        raise TrainerError(WRONG_KIND[kind] % {"label": label})
    # Written this way round, so that "not a number" is refused too.
    if not choices and not least <= value <= most:
        said = gettext("“%(label)s” must be from %(least)g to %(most)g.")
        raise TrainerError(said % {"label": label, "least": least, "most": most})
    return value
