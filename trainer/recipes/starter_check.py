"""What a starter can do: exact answers and reply loss per task, on a fresh draw.

python -m trainer.recipes.starter_check config.json      {"base": "var/models/starter-…"}
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from trainer.recipes.chat import prompt_ids, render_all
from trainer.recipes.common import emit, run
from trainer.recipes.data import Example
from trainer.recipes.decoding import Drawing, one_each
from trainer.recipes.device import set_up
from trainer.recipes.models import load_base
from trainer.recipes.scoring import reply_losses
from trainer.recipes.starter import MAX_LENGTH, as_example
from trainer.recipes.starter_corpus import records


@dataclass(frozen=True)
class Config:
    base: str
    seed: int = 1000  # another than it was trained with
    count: int = 30  # questions a task


def main(cfg: Config) -> None:
    set_up(seed=cfg.seed, threads=1)
    tokenizer, model = load_base(cfg.base)
    tasks: dict[str, list[Example]] = defaultdict(list)
    for example in map(as_example, records(cfg.seed)):
        if len(tasks[example.category]) < cfg.count:
            tasks[example.category].append(example)
    for task, examples in sorted(tasks.items()):
        rows = render_all(tokenizer, examples, MAX_LENGTH).kept
        losses = reply_losses(model, rows, pad=int(tokenizer.pad_token_id))
        asked = [prompt_ids(tokenizer, example.prompt) for example in examples]
        replies = one_each(model, tokenizer, asked, Drawing(max_new_tokens=64))
        right = [
            reply == example.completion["content"]
            for reply, example in zip(replies, examples, strict=True)
        ]
        emit("task", task=task, exact=sum(right), of=len(right),
             loss=round(sum(losses) / sum(row.learned for row in rows), 3),
             asked=examples[0].prompt[-1]["content"], said=replies[0])  # fmt: skip


if __name__ == "__main__":
    run(main, Config)
