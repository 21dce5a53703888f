from __future__ import annotations

from tests.trainer.fake_recipes import dpo, sft
from trainer.recipes.common import run


def main(cfg: sft.Config) -> None:
    sft.main(cfg, "reward", dpo.compared(cfg, "pairs"))


if __name__ == "__main__":
    run(main, sft.Config)
