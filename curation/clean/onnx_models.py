"""Classifiers in a file, in the ONNX format. They need the extra `onnx`.

toxicity = check_by(
    OnnxModel("toxicity.onnx", ["toxic"], tokenizer="tokenizer.json"),
    name="toxicity", version=1, label="Toxicity", from_score=0.8,
)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from curation.clean.check import Unavailable
from curation.clean.classifiers import Scores

TOKENS_AT_MOST = 512


class OnnxModel:
    """A model with one row of outputs, one for each label.

    Without a tokenizer it is given the text itself, as exported pipelines want it; with one
    the numbers of its tokens. `one_of_many` says that its labels exclude each other.
    """

    def __init__(
        self,
        path: str | Path,
        labels: Sequence[str],
        *,
        tokenizer: str | Path | None = None,
        one_of_many: bool = False,
        are_logits: bool = True,
        threads: int = 1,
    ) -> None:
        self.path = Path(path)
        self.labels = list(labels)
        self.tokenizer = tokenizer
        self.one_of_many = one_of_many
        self.are_logits = are_logits
        self.threads = threads

    def __call__(self, text: str) -> Scores:
        """Loads the model at the first call."""
        try:
            outputs = self._session.run(None, self._inputs(text))
        except Exception as problem:  # the runtime's own classes share no other base
            raise Unavailable(f"{self.path.name}: {problem}") from problem
        row = np.asarray(outputs[-1], np.float64).reshape(-1)
        if len(row) != len(self.labels):
            raise Unavailable(f"{self.path.name} has {len(row)} outputs")
        scores = self._scaled(row).tolist()
        return dict(zip(self.labels, scores, strict=True))

    @cached_property
    def _session(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        return onnxruntime.InferenceSession(
            str(self.path), options, providers=["CPUExecutionProvider"]
        )

    @cached_property
    def _tokens(self) -> Tokenizer:
        tokens = Tokenizer.from_file(str(self.tokenizer))
        tokens.enable_truncation(TOKENS_AT_MOST)
        return tokens

    def _inputs(self, text: str) -> Mapping[str, NDArray[Any]]:
        names = [one.name for one in self._session.get_inputs()]
        if self.tokenizer is None:
            shape = [1] * len(self._session.get_inputs()[0].shape)
            return {names[0]: np.array([text], object).reshape(shape)}
        encoded = self._tokens.encode(text)
        rows = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
        }
        return {name: np.array([rows[name]], np.int64) for name in names}

    def _scaled(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        if not self.are_logits:
            return row.clip(0, 1)
        if self.one_of_many:
            weights = np.exp(row - row.max())
            return np.asarray(weights / weights.sum())
        return np.asarray(1 / (1 + np.exp(-row.clip(-60, 60))))
