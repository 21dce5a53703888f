"""A look at a model's folder before any library reads it. Needs neither torch nor Django.

Weights and settings must not be able to do anything: no code, no pickle, no link to
elsewhere, and nothing whose size would end the machine.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.recipes.common import Trouble

MB = 2**20
# By the ends of names; the first that fits counts. Of well-known models none is near.
LARGEST = (
    ("tokenizer.json", 128 * MB),
    ("vocab.json", 64 * MB),
    ("merges.txt", 64 * MB),
    (".model", 64 * MB),
    (".index.json", 32 * MB),
    (".json", 16 * MB),
    (".jinja", MB // 4),
)
TEMPLATE = MB // 4
HEADER = 64 * MB  # of a safetensors file; the library itself stops at 100
FILES = 10_000
DEEPEST = 64
LAYERS = 4_000
READ_ELSEWHERE = ("tokenizer.json", "vocab.json", ".index.json")  # as data, by the library
# Names of settings by which libraries find code outside themselves.
CODE = ("auto_map", "custom_pipelines", "trust_remote_code", "parent_library")
KERNELS = ("attn_implementation", "experts_implementation")
ADAPTER_KINDS = ("LORA",)
EMPTY: tuple[Any, ...] = (None, False, "", [], {})
# Of adapters: they name modules, or other folders to read.
REFUSED_IN_ADAPTERS = (
    "auto_mapping", "megatron_config", "arrow_config", "eva_config", "corda_config",
    "layer_replication",
)  # fmt: skip


def gettext_noop(text: str) -> str:
    """Marks a sentence for translation, as Django's does: recipes know no Django."""
    return text


class Refused(Trouble):
    """`sentence % facts` is what it says, so that a page can say it in another language."""

    def __init__(self, sentence: str, **facts: Any) -> None:
        self.sentence, self.facts = sentence, facts
        super().__init__(sentence % facts)


def vet(folder: Path) -> None:
    """Raise Refused where this is no model, or one that could do harm."""
    if not (folder / "config.json").is_file():
        raise Refused(
            gettext_noop("There is no readable config.json in %(folder)s."), folder=folder
        )
    settings = _vet_files(folder)
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise Refused(
            gettext_noop(
                "There are no .safetensors weights in %(folder)s. Convert them first."
            ),
            folder=folder,
        )
    _vet_index(folder)
    _vet_sizes(settings["config.json"], sum(path.stat().st_size for path in weights))


def vet_adapter(folder: Path) -> None:
    """The same for an adapter, ours or another's."""
    settings = _vet_files(folder).get("adapter_config.json", {})
    if settings.get("peft_type") not in ADAPTER_KINDS:
        raise Refused(
            gettext_noop("%(folder)s holds no LoRA adapter. Give a finished run's."),
            folder=folder,
        )
    for name in REFUSED_IN_ADAPTERS:
        if settings.get(name) not in EMPTY:
            raise _code(name)
    if settings.get("megatron_core") not in (*EMPTY, "megatron.core"):
        raise _code("megatron_core")
    if "://" in str(settings.get("base_model_name_or_path")):
        raise _code("base_model_name_or_path")


# ---- files -----------------------------------------------------------------------------


def _vet_files(folder: Path) -> dict[str, Any]:
    """Each file by itself; return the settings by the names of their files."""
    settings = {}
    for path in _files(folder):
        _vet_size(path)
        if path.suffix == ".safetensors":
            _vet_header(path)
        elif path.suffix == ".json" and not path.name.endswith(READ_ELSEWHERE):
            settings[str(path.relative_to(folder))] = _vet_settings(path)
    return settings


def _files(folder: Path) -> Iterator[Path]:
    root = _root(folder)
    for number, path in enumerate(folder.rglob("*")):
        if number >= FILES:
            raise Refused(
                gettext_noop("%(folder)s holds more files than a model has."), folder=folder
            )
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise Refused(
                gettext_noop("%(name)s is a link to a place outside its folder: refused."),
                name=path.name,
            )
        if path.is_dir():
            continue
        if not path.is_file():  # a pipe would keep its reader waiting for ever
            raise Refused(
                gettext_noop("%(name)s is no plain file: refused."), name=path.name
            )
        yield path


def _root(folder: Path) -> Path:
    """Where its links may lead: in the hub's cache, to the model's own blobs."""
    whole = folder.resolve()
    is_cached = whole.parent.name == "snapshots" and whole.parents[1].name.startswith(
        "models--"
    )
    return whole.parents[1] if is_cached else whole


def _vet_size(path: Path) -> None:
    most = next((size for end, size in LARGEST if path.name.endswith(end)), None)
    if most is not None and path.stat().st_size > most:
        raise Refused(
            gettext_noop("%(name)s is larger than any model's (%(most)d MB): refused."),
            name=path.name,
            most=max(1, most // MB),
        )


def _vet_header(path: Path) -> None:
    """As the library will read it, but for how much it asks for."""
    stat = path.stat()
    is_hollow = stat.st_size > 16 * MB and stat.st_blocks * 512 * 4 < stat.st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        is_odd = length < 2 or length > HEADER or 8 + length > stat.st_size
        header = None if is_odd or is_hollow else _json(file.read(length))
    if not isinstance(header, dict) or not _is_filled(header, stat.st_size - 8 - length):
        raise Refused(
            gettext_noop("%(name)s is no whole .safetensors file: refused."), name=path.name
        )


def _is_filled(header: dict[str, Any], size: int) -> bool:
    """Whether its tensors lie one after the other and end where the file ends."""
    try:
        spans = sorted(
            tuple(tensor["data_offsets"])
            for name, tensor in header.items()
            if name != "__metadata__"
        )
        ends = [0, *(end for _, end in spans)]
        follows = all(
            start == before and end >= start
            for before, (start, end) in zip(ends, spans, strict=False)
        )
    except (TypeError, KeyError, ValueError):
        return False
    return follows and ends[-1] == size


def _vet_index(folder: Path) -> None:
    for path in folder.glob("*.safetensors.index.json"):
        content = _json(path.read_bytes())
        shards = content.get("weight_map") if isinstance(content, dict) else None
        named = shards.values() if isinstance(shards, dict) else ["?"]
        for shard in set(map(str, named)):
            if "/" in shard or "\\" in shard or not shard.endswith(".safetensors"):
                raise Refused(
                    gettext_noop("%(name)s names a file that is not beside it: refused."),
                    name=path.name,
                )


# ---- settings --------------------------------------------------------------------------


def _vet_settings(path: Path) -> Any:
    content = _json(path.read_bytes())
    if content is None or (path.name == "config.json" and not isinstance(content, dict)):
        raise Refused(
            gettext_noop("%(name)s cannot be read as JSON: refused."),
            name=path.name,
        )
    for name, value in _named(content):
        if name in CODE and value not in EMPTY:
            raise _code(name)
        if name.endswith(KERNELS) and "/" in str(value):
            raise _code(name)
        if name == "transformers_weights" and not _is_plain_weights(value):
            raise _code(name)
        if name in ("chat_template", "template") and len(str(value)) > TEMPLATE:
            raise Refused(
                gettext_noop("Its chat template is longer than any model's: refused.")
            )
    return content


def _named(content: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every setting by its name, also inside others."""
    if depth > DEEPEST:
        raise Refused(gettext_noop("Its settings lie deeper than any model's: refused."))
    if isinstance(content, dict):
        for name, value in content.items():
            yield name, value
            yield from _named(value, depth + 1)
    elif isinstance(content, list):
        for value in content:
            yield from _named(value, depth + 1)


def _vet_sizes(config: Any, weights: int) -> None:
    """What the settings claim and the weights do not hold would be made up in memory."""
    for part in (config, config.get("text_config")):
        if not isinstance(part, dict):
            continue
        words, width = part.get("vocab_size"), part.get("hidden_size")
        layers, inner = part.get("num_hidden_layers"), part.get("intermediate_size")
        counts = [n if isinstance(n, int) else 0 for n in (words, width, layers, inner)]
        # Half a byte a number is the least that anybody packs them into.
        most, width = 8 * weights, counts[1]
        if counts[2] > LAYERS or any(n * width > most for n in counts if n != width):
            raise Refused(
                gettext_noop("Its settings claim a far larger model than its weights are.")
            )


def _is_plain_weights(value: Any) -> bool:
    name = str(value)
    return value in EMPTY or (name.endswith(".safetensors") and Path(name).name == name)


def _json(text: bytes) -> Any:
    """None where it is none, or nested deeper than anybody means."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _code(name: str) -> Refused:
    return Refused(
        gettext_noop(
            "This model wants to run code of its own (%(name)s), which Winnow refuses."
        ),
        name=name,
    )
