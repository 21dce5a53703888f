"""Do surprising scores find bad examples? `make bench NAME=planted`

Puts wrong answers among examples that people accepted (an answer to another prompt of the
category, one of another category, and words in no order), tunes the starter on all of
them, trains a reward model on rankings of other prompts, has both score every example, and
asks how many of the first twenty of each list are planted. A JSON line for each list;
`chance` is what twenty at random would hold. RUNS= repeats it with other plants.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.starters import starter
from config.places import ROOT
from trainer.recipes import starter_corpus
from trainer.recipes.ledger import lines
from trainer.surprises import KINDS, Scored, Surprise, surprises

EXAMPLES, PLANTED, RANKED = 480, 24, 240
FIRST = 20
STEPS = int(os.environ.get("STEPS", "120"))
RUNS = int(os.environ.get("RUNS", "3"))
Pair = tuple[str, str, str]  # category, prompt, reply
LOOKS, NAMES, THINGS = starter_corpus.LOOKS, starter_corpus.NAMES, starter_corpus.THINGS
PLACES = [p for p in starter_corpus.PLACES if p not in starter_corpus.PREPOSITIONS]


def main() -> None:
    for seed in range(1, RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), seed)


def measure(folder: Path, seed: int) -> None:
    dice = random.Random(seed)
    every = pairs(dice, EXAMPLES + RANKED)
    good, ranked = every[:EXAMPLES], every[EXAMPLES:]
    wrong = plant(good, dice)
    data = folder / "version"
    data.mkdir()
    write_examples(data, good, wrong, dice)
    write_rankings(data, ranked, dice)
    model = {"base": starter(), "data": str(data)}
    common = {"steps": STEPS, "learning_rate": 5e-3, "seed": seed, "max_length": 128,
              "eval_every": 0, "checkpoint_every": 0}  # fmt: skip
    work("sft", folder, **model, **common, out=str(folder / "sft"))
    work("reward", folder, **model, **common, out=str(folder / "judge"))
    judge = {"reward_base": starter(), "reward_adapter": str(folder / "judge" / "adapter")}
    work("score", folder, **model, **judge, adapter=str(folder / "sft" / "adapter"),
         out=str(folder / "scores"), max_length=128)  # fmt: skip
    found = surprises(scored(folder / "scores"))
    for kind in KINDS:
        tell(kind, [one for one in found if one.kind == kind], wrong, seed)
    tell("any", merged(found), wrong, seed)


def tell(name: str, found: list[Surprise], wrong: dict[str, str], seed: int) -> None:
    first = [one.uid for one in found[:FIRST]]
    hits = [wrong[uid] for uid in first if uid in wrong]
    everywhere = {one.uid for one in found} & wrong.keys()
    line = {
        "list": name,
        "seed": seed,
        "examples": EXAMPLES,
        "planted": len(wrong),
        "listed": len({one.uid for one in found}),
        "of_the_first_20": len(hits),
        "precision_at_20": round(len(hits) / len(first), 2) if first else None,
        "planted_listed": len(everywhere),
        "chance": round(FIRST * len(wrong) / EXAMPLES, 1),
        "kinds": {kind: hits.count(kind) for kind in sorted(set(hits))},
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def merged(found: list[Surprise]) -> list[Surprise]:
    """The lists that speak of wrong answers, their first ones in turns."""
    wanted = [[o for o in found if o.kind == k] for k in KINDS if k != "known"]
    turns = [
        one[place] for place in range(len(found)) for one in wanted if place < len(one)
    ]
    return list({one.uid: one for one in reversed(turns)}.values())[::-1]


def scored(folder: Path) -> list[Scored]:
    rewards = {line["id"]: line["reward"] for line in lines(folder / "rewards.jsonl")}
    return [
        Scored(one["id"], one["prompt_id"], one["category"], one["tokens"], one["base"],
               one["tuned"], one["alone"], rewards[one["id"]])
        for one in lines(folder / "losses.jsonl")
    ]  # fmt: skip


# ---- examples --------------------------------------------------------------------------


def pairs(dice: random.Random, count: int) -> list[Pair]:
    """Three things to ask that the starter was not taught, in the way of the demo."""
    made: dict[str, Pair] = {}
    while len(made) < count:
        thing, name = f"{dice.choice(LOOKS)} {dice.choice(THINGS)}", dice.choice(NAMES)
        place, other = dice.sample(PLACES, 2)
        kind = len(made) % 3
        if kind == 0:
            asked = f"Rewrite politely: Bring {name} the {thing}."
            made[asked] = ("polite", asked, f"Could you please bring {name} the {thing}?")
        elif kind == 1:
            asked = f"Write a short thank-you note to {name} for the {thing}."
            said = f"Dear {name}, thank you so much for the {thing}. It was very kind."
            made[asked] = ("thanks", asked, said)
        else:
            asked = f"The {thing} is in the {place}. {name} is in the {other}. "
            asked += f"Where is the {thing}?"
            made[asked] = ("look_up", asked, f"You will find the {thing} in the {place}.")
    return list(made.values())


def wrong_for(pair: Pair, others: list[Pair], dice: random.Random, kind: str) -> str:
    if kind == "shuffled":
        words = pair[2].split()
        while (mixed := dice.sample(words, len(words))) == words:
            pass
        return " ".join(mixed)
    near = kind == "swapped"
    return dice.choice(
        [o[2] for o in others if (o[0] == pair[0]) is near and o[2] != pair[2]]
    )


WRONG = ("swapped", "misplaced", "shuffled")


def plant(good: list[Pair], dice: random.Random) -> dict[str, str]:
    """Spoils some in their place; says which, and how."""
    chosen = dice.sample(range(len(good)), PLANTED)
    told = {}
    for number, place in enumerate(chosen):
        kind = WRONG[number % len(WRONG)]
        category, prompt, _ = good[place]
        said = wrong_for(good[place], good, dice, kind)
        good[place] = (category, prompt, said)
        told[f"e{place}"] = kind
    return told


def write_examples(
    data: Path, good: list[Pair], wrong: dict[str, str], dice: random.Random
) -> None:
    rows = [example(f"e{number}", pair) for number, pair in enumerate(good)]
    dice.shuffle(rows)
    write(data / "train.jsonl", rows[: EXAMPLES * 5 // 6])
    write(data / "held_out.jsonl", rows[EXAMPLES * 5 // 6 :])


def write_rankings(data: Path, ranked: list[Pair], dice: random.Random) -> None:
    """What people said of other prompts: the right answer before a wrong one."""
    rows = []
    for number, pair in enumerate(ranked):
        worse = wrong_for(pair, ranked, dice, WRONG[number % len(WRONG)])
        first = example(f"r{number}", pair)
        answers = [
            {"id": f"{first['id']}a", "place": 0, "content": pair[2]},
            {"id": f"{first['id']}b", "place": 1, "content": worse},
        ]
        rows.append(first | {"answers": answers, "group": first["conversation"]})
    write(data / "rankings_train.jsonl", rows[: RANKED * 5 // 6])
    write(data / "rankings_held_out.jsonl", rows[RANKED * 5 // 6 :])


def example(name: str, pair: Pair) -> dict[str, Any]:
    category, prompt, reply = pair
    return {
        "id": name, "prompt_id": f"p{name}", "conversation": f"c{name}",
        "category": category, "prompt": [{"role": "user", "content": prompt}],
        "completion": [{"role": "assistant", "content": reply}],
    }  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def work(recipe: str, folder: Path, **config: Any) -> None:
    path = folder / f"{recipe}.json"
    path.write_text(json.dumps(config))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"trainer.recipes.{recipe}", str(path)],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    last = done.stdout.splitlines()[-1:] or [done.stderr[-500:]]
    sys.stderr.write(f"{recipe}: {last[0][:300]}\n")
    if done.returncode != 0:
        raise SystemExit(done.stderr[-2000:] or last[0])


if __name__ == "__main__":
    main()
