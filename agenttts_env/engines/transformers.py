"""The portable engine: any causal language model with full attention, on PyTorch, on a CPU or a GPU."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agenttts_env.engines.base import Completion, Request, Sampling
from agenttts_env.engines.chat import fitting_prompts
from agenttts_env.engines.dtype import DType, resolve_dtype
from agenttts_env.engines.grammar import Grammars
from agenttts_env.engines.packed import Pack, PackedBatch, Sample
from agenttts_env.engines.quiet import quiet_transformers
from agenttts_env.engines.sample_seed import sample_seed
from agenttts_env.engines.smollm2 import resolve_source
from agenttts_env.errors import InvalidInputError, MissingExtraError
from agenttts_env.model import Model

PACKED_TOKENS = 1024
"""How many tokens the samples in one row may draw together: a sample's attention passes over all of them."""

BATCH_SAMPLES = 256
"""How many samples are drawn at once: it bounds the memory of their logits."""


@dataclass
class _Loaded:
    model: Any
    tokenizer: Any
    eos: tuple[int, ...]
    context: int
    grammars: Grammars | None = None


class TransformersEngine:
    """Draws samples with Hugging Face transformers.

    A prompt is computed once for all its samples, and what the prompts of a batch begin with once for all of them.
    Sample i is a function of (model, prompt, sampling, seed, i), up to the floating-point noise of batching: no global
    random state is read or changed.

    Args:
        model: its ``source`` is a folder or a Hugging Face name.
        dtype: of the weights; ``auto`` is bfloat16.
        device: a torch device; None takes a GPU if there is one.
        max_batch_tokens: how many tokens, prompts and samples together, are held in memory at once.
    """

    def __init__(
        self,
        model: Model,
        *,
        dtype: DType = "auto",
        device: str | None = None,
        max_batch_tokens: int = 32768,
    ) -> None:
        if max_batch_tokens < 1:
            raise InvalidInputError(f"`max_batch_tokens` must be >= 1, but is {max_batch_tokens}")
        self.model = model
        self._dtype = resolve_dtype(dtype)
        self._device = device
        self._max_batch_tokens = max_batch_tokens
        self._loaded: _Loaded | None = None

    @property
    def identity(self) -> str:
        """The library and the precision."""
        return f"transformers/{self._dtype}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_loaded": None}

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Draw all samples of all requests, batch after batch, shortest prompts first.

        Yields:
            (position of the request, completions), as soon as all samples of a prompt in the batch are finished.

        Raises:
            EngineError: a prompt and its reply do not fit the model's context; everything else was yielded before.
            MissingExtraError: torch, transformers or (under a schema) xgrammar is not installed.
            InvalidInputError: this engine cannot run the model, or cannot follow the schema.
        """
        if not requests:
            return
        loaded = self._load()
        prompts, too_long = fitting_prompts(loaded.tokenizer, requests, self.model, loaded.context)
        by_sampling: dict[Sampling, list[int]] = defaultdict(list)
        for position in sorted(prompts, key=lambda position: len(prompts[position])):
            by_sampling[requests[position].sampling].append(position)
        for sampling, positions in by_sampling.items():
            grammars = self._grammars(loaded) if sampling.schema is not None else None
            packs = (
                pack
                for position in positions
                for pack in _packs(position, prompts[position], requests[position], grammars)
            )
            for rows in self._batches(packs, sampling.max_tokens):
                batch = PackedBatch(loaded.model, loaded.tokenizer, loaded.eos, rows, sampling, grammars)
                while batch.packs:
                    for pack in batch.step():
                        yield pack.position, [_completion(sample, len(pack.prompt)) for sample in pack.samples]
        if too_long is not None:
            raise too_long

    def close(self) -> None:
        """Free the model's memory; a later ``generate`` loads it again."""
        self._loaded = None
        gc.collect()

    def _load(self) -> _Loaded:
        if self._loaded is not None:
            return self._loaded
        # Threads that wait must not spin: where other processes want the cores too, spinning makes PyTorch ten times
        # slower. This counts if PyTorch is not loaded yet.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtraError(error.name or "transformers", "transformers") from error
        source = resolve_source(self.model.source)
        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            with quiet_transformers():
                tokenizer = transformers.AutoTokenizer.from_pretrained(source)
                model = transformers.AutoModelForCausalLM.from_pretrained(
                    source, dtype=getattr(torch, self._dtype), attn_implementation="sdpa"
                )
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"transformers cannot load the model {source!r}: {error}") from error
        config = model.config.get_text_config()
        layers = set(getattr(config, "layer_types", None) or ["full_attention"])
        if layers != {"full_attention"} or getattr(config, "sliding_window", None):
            raise InvalidInputError(
                f"every layer must have full attention, but {self.model.name} has {', '.join(sorted(layers))} and "
                f"sliding_window={getattr(config, 'sliding_window', None)}: run it with the vllm engine"
            )
        ends = model.generation_config.eos_token_id
        eos = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}
        self._loaded = _Loaded(model.to(device).eval(), tokenizer, tuple(sorted(eos)), config.max_position_embeddings)
        return self._loaded

    def _grammars(self, loaded: _Loaded) -> Grammars:
        if loaded.grammars is None:
            vocab_size = loaded.model.config.get_text_config().vocab_size
            loaded.grammars = Grammars(loaded.tokenizer, vocab_size, loaded.eos)
        return loaded.grammars

    def _batches(self, packs: Iterable[Pack], max_tokens: int) -> Iterator[list[Pack]]:
        """Rows that fit in memory together: all are as wide as the widest."""
        rows: list[Pack] = []
        width = samples = 0
        for pack in packs:
            wider = max(width, len(pack.prompt) + len(pack.samples) * max_tokens)
            more = samples + len(pack.samples)
            if rows and ((len(rows) + 1) * wider > self._max_batch_tokens or more > BATCH_SAMPLES):
                yield rows
                rows, wider, more = [], len(pack.prompt) + len(pack.samples) * max_tokens, len(pack.samples)
            rows.append(pack)
            width, samples = wider, more
        if rows:
            yield rows


def _packs(position: int, prompt: list[int], request: Request, grammars: Grammars | None) -> Iterator[Pack]:
    """The samples of one request, in rows of about equal size."""
    most = min(max(1, PACKED_TOKENS // request.sampling.max_tokens), BATCH_SAMPLES)
    rows = -(-request.count // most)
    size = -(-request.count // rows)
    end = request.first + request.count
    schema = request.sampling.schema
    for start in range(request.first, end, size):
        samples = [
            Sample(
                index,
                noise=np.random.default_rng(sample_seed(request, index)),
                matcher=grammars.matcher(schema) if grammars is not None and schema is not None else None,
            )
            for index in range(start, min(start + size, end))
        ]
        yield Pack(position, prompt, samples)


def _completion(sample: Sample, prompt_tokens: int) -> Completion:
    return Completion(
        sample.index, sample.text, prompt_tokens, len(sample.tokens), sample.finish_reason, sample.seconds
    )
