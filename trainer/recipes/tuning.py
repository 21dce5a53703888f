"""Opens the model that a run trains: with an adapter, whole, or over a 4-bit base.

An adapter always stands on the base alone. Where a run goes on from a parent, it goes on
with the parent's own weights, and its result takes the parent's place.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from peft import (
    LoraConfig,
    PeftConfig,
    PeftModel,
    get_peft_model,
    get_peft_model_state_dict,
    prepare_model_for_kbit_training,
    set_peft_model_state_dict,
)
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BitsAndBytesConfig,
)

from trainer.recipes.common import Trouble
from trainer.recipes.fused import fuse
from trainer.recipes.models import (
    check_adapter,
    check_length,
    dtype_on,
    load_base,
    load_with_adapter,
)
from trainer.recipes.settings import FULL, LORA_4BIT, Settings

CAUSAL, REWARD = "CAUSAL_LM", "SEQ_CLS"
NO_4BIT = (
    "4-bit tuning needs an NVIDIA GPU and the package bitsandbytes on the worker. "
    "Install it there, or choose LoRA."
)


def open_model(
    cfg: Settings, device: torch.device, task: str = CAUSAL
) -> tuple[Any, Any, str]:
    """The tokenizer, the model ready to train, and in words how it came about."""
    if cfg.tuning == LORA_4BIT and not (
        device.type == "cuda" and find_spec("bitsandbytes")
    ):
        raise Trouble(NO_4BIT)
    if cfg.parent:
        check_parent(cfg.parent, task)
    torch.manual_seed(cfg.seed)  # of a reward model's new head, and of a new adapter
    tokenizer, model = load_base(
        cfg.base,
        cfg.revision,
        device=device,
        allow_download=cfg.allow_download,
        **_how(cfg, device, task),
    )
    check_length(model, cfg.max_length)
    if task == REWARD:
        model.config.pad_token_id = padding(tokenizer)
    if cfg.tuning == LORA_4BIT:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if cfg.parent:
        model = _with_parent(model, cfg.parent, task)
        _set_dropout(model, cfg.lora_dropout)
    if cfg.tuning == FULL:
        model = model.merge_and_unload() if cfg.parent else model
        model.requires_grad_(requires_grad=True)
        made = "all weights, from the base with the parent merged" if cfg.parent else ""
        return tokenizer, model, made or "all weights, from the base"
    if not cfg.parent:
        model = _with_new_adapter(model, cfg, task)
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()  # small steps are lost in bf16
    fuse(model)
    made = "the parent's adapter, trained on" if cfg.parent else "a new adapter on the base"
    return tokenizer, model, made


def padding(tokenizer: Any) -> int:
    """Reward models look for the last token that is no padding, so it is not the end."""
    if tokenizer.pad_token_id != tokenizer.eos_token_id:
        return int(tokenizer.pad_token_id)
    for other in (tokenizer.bos_token_id, tokenizer.unk_token_id):
        if other is not None and other != tokenizer.eos_token_id:
            return int(other)
    return 0


def check_parent(parent: str, task: str) -> None:
    theirs = check_adapter(parent).get("task_type")
    if theirs not in (CAUSAL, task):
        raise Trouble(f"{parent} gives marks and writes nothing; go on from another.")


def _how(cfg: Settings, device: torch.device, task: str) -> dict[str, Any]:
    """What transformers is told about loading."""
    dtype = dtype_on(device, cfg.dtype)
    how: dict[str, Any] = {"kind": AutoModelForCausalLM}
    if task == REWARD:
        how = {"kind": AutoModelForSequenceClassification, "num_labels": 1}
    if cfg.tuning == FULL:
        how["dtype"] = torch.float32  # what learns; the Trainer computes in `dtype`
    else:
        how["dtype"] = dtype
    if cfg.tuning == LORA_4BIT:
        how["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
        how["device_map"] = {"": device.index or 0}
    return how


def _with_new_adapter(model: Any, cfg: Settings, task: str) -> PeftModel:
    targets = cfg.targets if cfg.targets == "all-linear" else cfg.targets.split(",")
    lora = LoraConfig(
        r=cfg.lora_r,
        lora_alpha=cfg.lora_alpha,
        lora_dropout=cfg.lora_dropout,
        target_modules=targets,
        task_type=task,
    )
    try:
        return get_peft_model(model, lora)
    except ValueError as error:
        raise Trouble(f"The trainer refuses these settings: {error}") from error


def _with_parent(model: Any, parent: str, task: str) -> PeftModel:
    if check_adapter(parent).get("task_type") == task:
        return load_with_adapter(model, parent, is_trainable=True)
    # An adapter that writes, for a model that marks: the body's layers have the same names.
    config = PeftConfig.from_pretrained(parent)
    config.task_type, config.inference_mode = task, False
    tuned = get_peft_model(model, config)
    weights = load_file(Path(parent) / "adapter_model.safetensors")
    ours = get_peft_model_state_dict(tuned)  # the new head among them
    if any(name not in ours or ours[name].shape != w.shape for name, w in weights.items()):
        raise Trouble(f"The adapter {parent} does not fit this base model.")
    set_peft_model_state_dict(tuned, ours | weights)
    return tuned


def _set_dropout(model: PeftModel, share: float) -> None:
    """This run's own, and not what the parent was trained with."""
    for config in model.peft_config.values():
        config.lora_dropout = share
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            for name in layer.lora_dropout:
                layer.lora_dropout[name] = nn.Dropout(share) if share else nn.Identity()
