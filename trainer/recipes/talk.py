"""Models that stay loaded and answer what they are asked, until they are ended.

python -m trainer.recipes.talk runs/job-7/talk.json

A question is a file `talk-asked.json` in the folder, what is said so far stands in
`talk-said.json`. No word of a talk is printed: what is printed is kept in a log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from trainer.recipes.adapters import BASE, stacked
from trainer.recipes.chat import Turn, prompt_ids
from trainer.recipes.common import Trouble, demand, emit, read_object, run, write_json
from trainer.recipes.decoding import Drawing, end_tokens, left_padded, until_end
from trainer.recipes.device import set_up
from trainer.recipes.models import load_base

ASKED, SAID = "talk-asked.json", "talk-said.json"
LOOKS_EVERY, TELLS_EVERY = 0.05, 0.25  # seconds
TOP_P = 0.95
READS_AT_MOST = 4096  # tokens, whatever the model allows


@dataclass(frozen=True)
class Config:
    folder: str
    bases: list[str]  # of each voice
    revisions: list[str]  # "": a folder needs none
    adapters: list[str]  # "": the base alone
    threads: int = 1

    def __post_init__(self) -> None:
        demand(bool(self.bases), "Name one model at least.")
        sizes = {len(self.bases), len(self.revisions), len(self.adapters)}
        demand(len(sizes) == 1, "Each voice needs a base, a revision and an adapter.")


@dataclass(frozen=True)
class Question:
    turn: int
    prompts: list[list[Turn]]  # of each voice
    seed: int
    temperature: float
    max_new_tokens: int


@dataclass(frozen=True)
class Loaded:
    """One base in memory, and which voices speak by it, through which adapters."""

    tokenizer: Any
    model: Any
    voices: list[int]
    ways: list[str] | None  # None: there is no adapter at all


def main(cfg: Config) -> None:
    folder = Path(cfg.folder)
    device = set_up(seed=0, threads=cfg.threads)
    loaded = [load(cfg, voices, device) for voices in by_base(cfg)]
    emit("ready", device=str(device))
    while True:
        question = next_question(folder)
        if question is None:
            time.sleep(LOOKS_EVERY)
        else:
            answer(loaded, question, folder)


def by_base(cfg: Config) -> list[list[int]]:
    """The voices that share one base are held in memory once."""
    shared: dict[tuple[str, str], list[int]] = {}
    for voice, place in enumerate(zip(cfg.bases, cfg.revisions, strict=True)):
        shared.setdefault(place, []).append(voice)
    return list(shared.values())


def load(cfg: Config, voices: list[int], device: torch.device) -> Loaded:
    first = voices[0]
    tokenizer, model = load_base(
        cfg.bases[first], cfg.revisions[first] or None, device=device
    )
    model.eval()
    adapters = list(dict.fromkeys(cfg.adapters[v] for v in voices if cfg.adapters[v]))
    if not adapters:
        return Loaded(tokenizer, model, voices, None)
    model, names = stacked(model, adapters)
    named = dict(zip(adapters, names, strict=True))
    ways = [named.get(cfg.adapters[voice], BASE) for voice in voices]
    return Loaded(tokenizer, model, voices, ways)


def next_question(folder: Path) -> Question | None:
    path = folder / ASKED
    if not path.is_file():
        return None
    raw = read_object(path)
    path.unlink(missing_ok=True)
    return Question(**raw) if raw else None


def answer(loaded: Sequence[Loaded], question: Question, folder: Path) -> None:
    """All voices, those of one base at once; what they say is written down meanwhile."""
    said: list[dict[str, Any]] = [{} for _ in question.prompts]

    def tell(*, is_done: bool = False) -> None:
        write_json(folder / SAID, {"turn": question.turn, "said": said, "done": is_done})
        emit("said", turn=question.turn, done=is_done)

    for each in loaded:
        speak(each, question, said, tell)
    tell(is_done=True)


@torch.inference_mode()
def speak(
    loaded: Loaded,
    question: Question,
    said: list[dict[str, Any]],
    tell: Callable[[], None],
) -> None:
    tokenizer, model = loaded.tokenizer, loaded.model
    limit = reads(model)
    length = min(question.max_new_tokens, limit // 2)
    whole = [prompt_ids(tokenizer, question.prompts[voice]) for voice in loaded.voices]
    rows = [ids[-(limit - length) :] for ids in whole]
    ends = end_tokens(model, tokenizer)
    ids, mask = left_padded(rows, int(tokenizer.pad_token_id))

    def note(made: torch.Tensor) -> None:
        words = [until_end(row, ends) for row in made[:, ids.shape[1] :].tolist()]
        for place, voice in enumerate(loaded.voices):
            said[voice] = heard(tokenizer, words[place], length)
            said[voice]["is_short_of_past"] = len(rows[place]) < len(whole[place])

    by_way = {} if loaded.ways is None else {"adapter_names": loaded.ways}
    torch.manual_seed(question.seed)
    made = model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=length,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=ends,
        stopping_criteria=StoppingCriteriaList([Pieces(note, tell)]),
        **Drawing(length, question.temperature, TOP_P).options,
        **by_way,
    )
    note(made)


def heard(tokenizer: Any, words: list[int], length: int) -> dict[str, Any]:
    """What is said so far."""
    text = tokenizer.decode(words, skip_special_tokens=True).strip()
    return {"text": text, "tokens": len(words), "is_cut": len(words) >= length}


def reads(model: Any) -> int:
    """How many tokens it takes, question and answer together."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if limit is not None and limit < 16:
        raise Trouble(f"This base model reads {limit} tokens at most; choose another.")
    return min(limit or READS_AT_MOST, READS_AT_MOST)


class Pieces(StoppingCriteria):
    """Stops nothing; hears each token, and tells of them a few times a second."""

    def __init__(
        self, note: Callable[[torch.Tensor], None], tell: Callable[[], None]
    ) -> None:
        self._note, self._tell, self._told_at = note, tell, 0.0

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        if time.monotonic() - self._told_at >= TELLS_EVERY:
            self._note(input_ids)
            self._tell()
            self._told_at = time.monotonic()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


if __name__ == "__main__":
    run(main, Config)
