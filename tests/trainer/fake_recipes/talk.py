"""Answers at once, or as slowly as `fake.json` says: {"pieces": 3, "pause": 0.1}."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from trainer.recipes.common import Trouble, emit, read_object, run, write_json


@dataclass(frozen=True)
class Config:
    folder: str
    bases: list[str]
    revisions: list[str]
    adapters: list[str]
    threads: int = 1


def main(cfg: Config) -> None:
    folder = Path(cfg.folder)
    emit("ready", device="cpu")
    while True:
        asked = read_object(folder / "talk-asked.json")
        if asked is None:
            time.sleep(0.02)
            continue
        (folder / "talk-asked.json").unlink()
        wanted = read_object(folder.parent / "fake.json") or {}
        if wanted.get("fails"):
            raise Trouble(wanted["fails"])
        said: list[str] = []
        for voice, turns in enumerate(asked["prompts"]):
            heard = " | ".join(turn["content"] for turn in turns)
            who = "tuned" if cfg.adapters[voice] else "base"
            said.append(f"{who} heard \x00 {heard} ({asked['seed']})")
        for piece in range(wanted.get("pieces", 1)):
            if piece and wanted.get("dies"):
                os.kill(os.getpid(), signal.SIGKILL)
            tell(folder, asked, [text[: 5 + piece] for text in said], done=False)
            time.sleep(wanted.get("pause", 0))
        tell(folder, asked, said, done=True)


def tell(folder: Path, asked: dict[str, object], texts: list[str], *, done: bool) -> None:
    said = [
        {"text": t, "tokens": len(t.split()), "is_cut": False, "is_short_of_past": False}
        for t in texts
    ]
    write_json(
        folder / "talk-said.json", {"turn": asked["turn"], "said": said, "done": done}
    )
    emit("said", turn=asked["turn"], done=done)


if __name__ == "__main__":
    run(main, Config)
