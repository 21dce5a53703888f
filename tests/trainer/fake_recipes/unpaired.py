from __future__ import annotations

from dataclasses import dataclass

from tests.trainer.fake_recipes import dpo, sft
from trainer.recipes.common import run


@dataclass(frozen=True)
class Config(sft.Config):
    beta: float = 0.1


def main(cfg: Config) -> None:
    sft.main(cfg, "unpaired", dpo.compared(cfg, "unpaired") | dpo.compared(cfg, "pairs"))


if __name__ == "__main__":
    run(main, Config)
