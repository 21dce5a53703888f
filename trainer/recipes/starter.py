"""Builds the starter: a base model of half a million weights, in about a minute.

python -m trainer.recipes.starter config.json      {"models_dir": "var/models"}

The step count is fixed, not the time, so the same sources give the same bytes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from trainer.recipes import starter_key
from trainer.recipes.chat import IGNORE, Row, render_all
from trainer.recipes.common import Trouble, demand, emit, run, write_manifest
from trainer.recipes.data import Example
from trainer.recipes.device import set_up
from trainer.recipes.order import length_batches
from trainer.recipes.scoring import reply_losses
from trainer.recipes.starter_corpus import records

BOS, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
ROLE_TOKENS = ["<|user|>", "<|assistant|>", "<|system|>"]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
LICENCE = (
    "Apache-2.0. Model, tokenizer and replay records are made by Winnow's own generator "
    "(trainer/recipes/starter_corpus.py) and hold nobody else's text."
)
VOCABULARY = 1024
BATCH_TOKENS = 1024
WINDOW = 300
PROMPT_WEIGHT = 0.1  # prompts teach reading; the replies are what the model is for
LEARNING_RATE = 2e-3  # and wider first weights: see LOG.md
WARMUP_STEPS = 20
HELD_OUT = 400
REPLAY = 2000
MAX_LENGTH = 1024


@dataclass(frozen=True)
class Config:
    models_dir: str | None = None  # build into models_dir/starter-<key>, once
    out: str | None = None  # or into this folder
    steps: int = starter_key.STEPS
    seed: int = starter_key.SEED

    def __post_init__(self) -> None:
        demand(bool(self.models_dir) != bool(self.out), "Give either models_dir or out.")
        demand(self.steps > 0, "The number of steps must be positive.")


def main(cfg: Config) -> Path:
    facts = {"steps": cfg.steps, "seed": cfg.seed}
    if cfg.models_dir:
        folder = ensure(Path(cfg.models_dir), facts)
    else:
        folder = Path(str(cfg.out))
        put(folder, facts)
    emit("done", path=str(folder), content_key=starter_key.content_key(facts))
    return folder


def ensure(models_dir: Path, config: dict[str, Any]) -> Path:
    """The starter of this config, built if nobody has; two builders at once are safe."""
    folder = starter_key.folder_for(models_dir, config)
    put(folder, config)
    return folder


def put(folder: Path, config: dict[str, Any]) -> None:
    """Build aside, then rename: a reader sees a whole model or none."""
    if starter_key.is_whole(folder, config):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        build(aside, config)
        aside.chmod(0o755)
        _move_into_place(aside, folder, config)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move_into_place(aside: Path, folder: Path, config: dict[str, Any]) -> None:
    try:
        aside.rename(folder)
    except OSError as error:
        if starter_key.is_whole(folder, config):
            return  # another builder got there first
        if not starter_key.has_manifest(folder):
            raise Trouble(f"{folder} is in the way; move it.") from error
        folder.rename(folder.with_name(f".{folder.name}.broken-{os.getpid()}"))
        aside.rename(folder)


# ---- the build, top to bottom --------------------------------------------------------


def build(folder: Path, config: dict[str, Any]) -> None:
    # ---- set up ----------------------------------------------------------------------
    seed = int(config.get("seed", starter_key.SEED))
    steps = int(config.get("steps", starter_key.STEPS))
    key = starter_key.content_key(config)  # now: the sources may change while we train
    set_up(seed=seed, threads=1)
    torch.use_deterministic_algorithms(mode=True)
    corpus = list(records(seed))
    tokenizer = train_tokenizer(corpus)
    rows = render_all(tokenizer, map(as_example, corpus), MAX_LENGTH)
    assert not rows.dropped, rows.dropped[0]
    held_out, train = rows.kept[:HELD_OUT], rows.kept[HELD_OUT:]
    model = LlamaForCausalLM(architecture(tokenizer))
    pad = int(tokenizer.pad_token_id)
    emit("started", steps=steps, examples=len(train), held_out=len(held_out))

    # ---- train -----------------------------------------------------------------------
    started = time.monotonic()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01
    )
    tokens = 0
    for step, rows_now in zip(range(steps), batches(train, seed), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate_at(step, steps)
        loss = weighted_loss(model, rows_now, pad)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(row.ids) for row in rows_now)
        if (step + 1) % 10 == 0:
            seconds = round(time.monotonic() - started, 1)
            emit("step", step=step + 1, of=steps, loss=round(loss.item(), 4), tokens=tokens,
                 seconds=seconds)  # fmt: skip
        if (step + 1) % 200 == 0 and step + 1 < steps:
            loss_now = held_out_loss(model, held_out, pad)
            emit("held_out", step=step + 1, loss=round(loss_now, 4))
    final = held_out_loss(model, held_out, pad)
    emit("held_out", step=steps, loss=round(final, 4))

    # ---- save ------------------------------------------------------------------------
    save(folder, model, tokenizer)
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in corpus[-REPLAY:]]
    (folder / "replay.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "LICENSE").write_text(LICENCE + "\n", encoding="utf-8")
    facts = {
        "recipe": "starter",
        "content_key": key,
        "config": {"steps": steps, "seed": seed},
        "licence": LICENCE,
        "parameters": model.num_parameters(),
        "corpus": dict(sorted(Counter(record["category"] for record in corpus).items())),
        "tokens": tokens,
        "final_loss": round(loss.item(), 6),
        "held_out_loss": round(final, 6),
    }
    # No time and no host in it: two builds give the same manifest too.
    write_manifest(folder, facts, sorted(path.name for path in folder.iterdir()))


def as_example(record: dict[str, Any]) -> Example:
    return Example(**{**record, "completion": record["completion"][0]})


def train_tokenizer(corpus: list[dict[str, Any]]) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, BOS, END, *ROLE_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = (
        turn["content"]
        for record in corpus
        for turn in [*record["prompt"][-1:], *record["completion"]]
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=ROLE_TOKENS,
        chat_template=TEMPLATE,
        model_max_length=MAX_LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )


def architecture(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=336,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=MAX_LENGTH,
        tie_word_embeddings=True,
        initializer_range=0.05,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )


def learning_rate_at(step: int, steps: int) -> float:
    """A short warm-up, then linear down to zero."""
    if step < WARMUP_STEPS:
        return LEARNING_RATE * (step + 1) / WARMUP_STEPS
    return LEARNING_RATE * (steps - step) / max(1, steps - WARMUP_STEPS)


def batches(rows: list[Row], seed: int) -> Iterator[list[Row]]:
    """Endless; about BATCH_TOKENS with the padding, rows of like length together.

    Only within a window: sorted as a whole, each batch would be one task's.
    """
    rng = random.Random(seed)
    while True:
        order = rng.sample(rows, len(rows))
        for start in range(0, len(order), WINDOW):
            window = order[start : start + WINDOW]
            grouped = length_batches([len(row.ids) for row in window], BATCH_TOKENS)
            rng.shuffle(grouped)
            yield from ([window[index] for index in batch] for batch in grouped)


def weighted_loss(model: Any, rows: list[Row], pad: int) -> torch.Tensor:
    ids, is_reply, is_text = tensors(rows, pad)
    # Padding stands on the right, where causal attention never looks: no mask needed.
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    weights = torch.where(is_reply, 1.0, PROMPT_WEIGHT)[:, 1:][is_text[:, 1:]]
    logits, targets = model.lm_head(hidden[is_text[:, 1:]]), ids[:, 1:][is_text[:, 1:]]
    losses = F.cross_entropy(logits, targets, reduction="none")
    return (losses * weights).sum() / weights.sum()


def held_out_loss(model: Any, rows: list[Row], pad: int) -> float:
    """Mean over the tokens of the replies."""
    return sum(reply_losses(model, rows, pad=pad)) / sum(row.learned for row in rows)


def tensors(rows: list[Row], pad: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, and where they belong to a reply, and where to any text at all."""
    width = max(len(row.ids) for row in rows)
    gaps = [width - len(row.ids) for row in rows]
    ids = torch.tensor([row.ids + [pad] * gap for row, gap in zip(rows, gaps, strict=True)])
    labels = [row.labels + [IGNORE] * gap for row, gap in zip(rows, gaps, strict=True)]
    return ids, torch.tensor(labels) != IGNORE, ids != pad


def save(folder: Path, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    model.generation_config.bos_token_id = tokenizer.bos_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    run(main, Config)
