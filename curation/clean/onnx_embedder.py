"""An embedder in a folder, in the ONNX format: no text leaves the machine for it.

The folder holds `model.onnx`, or `onnx/model.onnx`, and `tokenizer.json`, as models for
sentences are published. It needs the extra `onnx`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from curation.clean.check import Unavailable
from curation.clean.embedders import SENT_AT_MOST, Vectors, unit

TOKENS_AT_MOST = 512
SENTENCE = "sentence_embedding"
PLACES = ("model.onnx", "onnx/model.onnx")


class OnnxEmbedder:
    """A vector is what the model gives for a text, or the mean over its tokens."""

    def __init__(self, folder: str | Path, name: str, *, threads: int = 1) -> None:
        self.folder = Path(folder)
        self.name = name
        self.threads = threads

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Loads the model at the first call."""
        try:
            encoded = self._tokens.encode_batch([text[:SENT_AT_MOST] for text in texts])
            outputs = self._session.run(self._output, self._inputs(encoded))
        except Exception as problem:  # the runtime's own classes share no other base
            raise Unavailable(f"{self.folder.name}: {problem}") from problem
        found = np.asarray(outputs[0], np.float64)
        if found.ndim == 3:
            masks = np.array([one.attention_mask for one in encoded])[:, :, None]
            found = (found * masks).sum(1) / masks.sum(1).clip(1)
        if len(found) != len(texts):
            raise Unavailable(f"{self.folder.name} has {len(found)} outputs")
        return unit(found)

    @cached_property
    def _session(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        there = [self.folder / place for place in PLACES if (self.folder / place).exists()]
        path = there[0] if there else self.folder / PLACES[0]
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    @property
    def _output(self) -> list[str]:
        """The vector of the sentence where it gives one, else those of the tokens."""
        names = [one.name for one in self._session.get_outputs()]
        return [SENTENCE if SENTENCE in names else names[0]]

    @cached_property
    def _tokens(self) -> Tokenizer:
        tokens = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokens.enable_truncation(TOKENS_AT_MOST)
        tokens.enable_padding()
        return tokens

    def _inputs(self, encoded: Sequence[Encoding]) -> dict[str, NDArray[Any]]:
        rows = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        names = [one.name for one in self._session.get_inputs()]
        return {name: np.array(rows[name], np.int64) for name in names}
