"""Opens base models and adapters: safetensors only, and never anybody's code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainer.recipes.chat import use_template
from trainer.recipes.common import Trouble, read_object
from trainer.recipes.settings import AUTO, BF16
from trainer.recipes.vetting import vet, vet_adapter

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
REVISION = re.compile(r"[0-9a-f]{40}")


def load_base(
    base: str,
    revision: str | None = None,
    *,
    device: torch.device | None = None,
    allow_download: bool = False,
    kind: Any = AutoModelForCausalLM,
    **how: Any,
) -> tuple[Any, Any]:
    """The tokenizer and the model of a folder, or of a hub id pinned to a commit.

    `how` goes to transformers: another dtype, say.
    """
    folder = find_base(base, revision, allow_download=allow_download)
    device = device or torch.device("cpu")
    if kind is AutoModelForCausalLM:
        _refuse_reward_model(base, folder)
    settings = {"dtype": dtype_on(device), **how}
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
        model = kind.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            **settings,
        )
    except (OSError, ValueError, KeyError) as error:
        raise Trouble(f"Cannot load the base model {base}: {_first_line(error)}") from error
    use_template(tokenizer)
    if tokenizer.eos_token_id is None:
        raise Trouble(f"The tokenizer of {base} names no end token; choose another model.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer, model if "quantization_config" in how else model.to(device)


def dtype_on(device: torch.device, wanted: str = AUTO) -> torch.dtype:
    """What a device computes in. A processor without bf16 can do it too, but slowly."""
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(
        including_emulation=False
    )
    if wanted == BF16 and device.type == "cuda" and not has_bf16:
        raise Trouble("This GPU does not compute in bf16; choose fp32.")
    is_bf16 = wanted == BF16 or (wanted == AUTO and has_bf16)
    return torch.bfloat16 if is_bf16 else torch.float32


def load_with_adapter(model: Any, adapter: str, *, is_trainable: bool = False) -> PeftModel:
    check_adapter(adapter)
    try:
        return PeftModel.from_pretrained(model, Path(adapter), is_trainable=is_trainable)
    except (OSError, ValueError, RuntimeError) as error:
        raise Trouble(
            f"The adapter {adapter} does not fit this base model: {_first_line(error)}"
        ) from error


def check_adapter(adapter: str) -> dict[str, Any]:
    """Its config."""
    folder = Path(adapter)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise Trouble(f"No {name} in {adapter}; give a finished run's adapter folder.")
    vet_adapter(folder)
    return read_object(folder / "adapter_config.json") or {}


def check_length(model: Any, max_length: int) -> None:
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", max_length)
    if max_length > limit:
        raise Trouble(f"This base model reads {limit} tokens at most; lower 'max_length'.")


def find_base(base: str, revision: str | None, *, allow_download: bool) -> Path:
    folder = Path(base)
    if not folder.is_dir():
        folder = _from_hub(base, revision, allow_download=allow_download)
    vet(folder)
    return folder


def _from_hub(base: str, revision: str | None, *, allow_download: bool) -> Path:
    if not HUB_ID.fullmatch(base):
        raise Trouble(f"There is no base model at {base}; build it, or correct the path.")
    if revision is None or not REVISION.fullmatch(revision):
        raise Trouble(f"Pin {base} to a revision, the 40 hex digits of one commit.")
    command = [sys.executable, "-m", "trainer.recipes.fetch", base, revision]
    # The hub is for this one process; ours stays offline.
    environment = {**os.environ, "WINNOW_HUB": "open" if allow_download else "closed"}
    found = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        hint = _first_line(found.stderr) if allow_download else "downloads are off"
        raise Trouble(f"{base} at {revision[:12]} is not on this machine ({hint}).")
    return Path(found.stdout.strip().splitlines()[-1])


def _refuse_reward_model(base: str, folder: Path) -> None:
    kinds = (read_object(folder / "config.json") or {}).get("architectures") or []
    if any(str(kind).endswith("ForSequenceClassification") for kind in kinds):
        raise Trouble(f"{base} gives marks and writes nothing; choose a model that writes.")


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
