"""Fine-tuning beside TRL: `make bench NAME=train`.

For each model size (`MODEL=1.4M`, `5.8M`, or both) a JSON line per method. Every way of
training has a process of its own with one thread; they take turns, a pass over the same
records each time, `ROUNDS=` (5) rounds after one that is not counted. Ratios are the median
of the rounds' ratios. Tokens are those that are no padding, seconds those of the processor
(on a GPU those of the wall), from the first step to the last. Of SFT, `other_dtype` is
the same in bf16 (on a GPU, where that is usual, in fp32).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from benchmarks import tasks
from config.places import ROOT

# hidden size, layers, heads, inner size
SIZES = {"1.4M": (128, 4, 4, 384), "5.8M": (256, 6, 8, 688), "110M": (768, 12, 12, 2048)}
VOCABULARY = 4096
OTHERS = {
    "sft": ("trl", "trl_defaults", "plain_trainer", "other_dtype"),
    "reward": ("trl", "trl_defaults"),
    "dpo": ("trl", "trl_defaults"),
}
FILES = {"sft": "train", "reward": "rankings.train", "dpo": "pairs.train"}
SPECIAL = ["<|pad|>", "<|begin|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def main() -> None:
    rounds = int(os.environ.get("ROUNDS", "5"))
    sizes = [size for size in os.environ.get("MODEL", "1.4M 5.8M").split() if size]
    methods = os.environ.get("METHODS", " ".join(OTHERS)).split()
    rows = tasks.records(os.environ.get("DATA", ""))
    ranked = tasks.rankings()
    data = {"sft": rows, "reward": ranked, "dpo": tasks.pairs(ranked)}
    for size in sizes:
        for method in methods:
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder) / f"{FILES[method]}.jsonl", data[method])
                write(Path(folder) / "train.jsonl", rows)
                make(Path(folder), rows, size)
                print(json.dumps(compared(Path(folder), size, method, rounds)), flush=True)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")


def make(folder: Path, rows: list[dict[str, Any]], size: str) -> None:
    base = folder / "base"
    base.mkdir()
    tokenizer(rows).save(str(base / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": SPECIAL[0],
        "bos_token": SPECIAL[1], "eos_token": SPECIAL[2], "chat_template": TEMPLATE,
        "additional_special_tokens": SPECIAL[3:], "padding_side": "right",
        "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    hidden, layers, heads, inner = SIZES[size]
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama",
        "vocab_size": VOCABULARY, "hidden_size": hidden, "intermediate_size": inner,
        "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": heads, "max_position_embeddings": 1024,
        "tie_word_embeddings": True, "pad_token_id": 0, "bos_token_id": 1,
        "eos_token_id": 2, "dtype": "float32",
    }  # fmt: skip
    (base / "config.json").write_text(json.dumps(config))
    # torch stays out of this process.
    code = "import sys, torch; from transformers import LlamaConfig, LlamaForCausalLM; "
    code += "torch.manual_seed(0); p = sys.argv[1]; "
    code += "LlamaForCausalLM(LlamaConfig.from_pretrained(p)).save_pretrained(p)"
    subprocess.run([sys.executable, "-c", code, str(base)], check=True, stdout=sys.stderr)


def tokenizer(rows: list[dict[str, Any]]) -> Tokenizer:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    bpe.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    turns = (turn["content"] for row in rows for turn in row["prompt"] + row["completion"])
    bpe.train_from_iterator(turns, trainer)
    return bpe


# ---- taking turns --------------------------------------------------------------------
class Way:
    """One process, which does a pass when asked."""

    def __init__(self, name: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.tuned", name, str(folder)],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.passes: list[dict[str, float]] = []

    def go(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("A way of training ended early; see above.")
        self.passes.append(json.loads(answer))

    def speeds(self) -> list[float]:
        return [one["tokens"] / one["seconds"] for one in self.passes[1:]]

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def compared(folder: Path, size: str, method: str, rounds: int) -> dict[str, Any]:
    names = [method, *(f"{method}.{other}" for other in OTHERS[method]), "products"]
    ways = {name: Way(name, folder) for name in names}
    try:
        for _ in range(rounds + 1):
            for way in ways.values():
                way.go()
    finally:
        for way in ways.values():
            way.end()
    mine, speeds = ways[method], {name: way.speeds() for name, way in ways.items()}
    line: dict[str, Any] = {
        "method": method,
        "model": size,
        "tokens_per_cpu_s": middle(speeds[method]),
    }
    for other in OTHERS[method]:
        line[f"{other}_tokens_per_cpu_s"] = middle(speeds[f"{method}.{other}"])
    for other in OTHERS[method]:
        theirs = speeds[f"{method}.{other}"]
        ratios = [one / two for one, two in zip(speeds[method], theirs, strict=True)]
        line[f"ratio_to_{other}"] = round(statistics.median(ratios), 2)
        line[f"ratio_to_{other}_range"] = [round(min(ratios), 2), round(max(ratios), 2)]
    share = [a / b for a, b in zip(speeds[method], speeds["products"], strict=True)]
    products = ways["products"].passes[1:]
    line |= {
        "padding_share": round(mine.passes[-1]["padding"], 3),
        "trl_padding_share": round(ways[f"{method}.trl"].passes[-1]["padding"], 3),
        "matmul_tokens_per_cpu_s": middle(speeds["products"]),
        "matmul_gflops": middle(
            [one["operations"] / one["seconds"] / 1e9 for one in products]
        ),
        "fraction_of_matmul": round(statistics.median(share), 3),
        "gap_to_matmul": round(1 / statistics.median(share), 2),
        "peak_mb": mine.passes[-1]["peak_mb"],
        "trl_peak_mb": ways[f"{method}.trl"].passes[-1]["peak_mb"],
        "rounds": rounds,
        "load": round(os.getloadavg()[0], 1),
    }
    return line


def middle(values: list[float]) -> int:
    return round(statistics.median(values))


if __name__ == "__main__":
    main()
