"""The searchers' own LLM, as the options ``--llm…`` name it: for one search or for all the cells of a comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.building import build_sampler, resolve_model
from agenttts_env.errors import InvalidInputError
from agenttts_env.sampler import Sampler

LOADING = ("transformers", "vllm")
"""Engines that load a model into the process."""


class LLMOptions(Protocol):
    """What a search's and a comparison's options have in common."""

    @property
    def llm(self) -> str | None: ...  # noqa: D102
    @property
    def llm_temperature(self) -> float: ...  # noqa: D102
    @property
    def llm_max_tokens(self) -> int: ...  # noqa: D102
    @property
    def llm_option(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def base_url(self) -> tuple[str, ...]: ...  # noqa: D102


def check_llm(options: LLMOptions) -> None:
    """Check the options about the LLM; nothing is loaded or looked up.

    Raises:
        InvalidInputError: one breaks its rule.
    """
    if options.llm is not None:
        engine, _, model = options.llm.partition(":")
        if not (engine and model):
            raise InvalidInputError(f"`llm` must read ENGINE:MODEL, but got {options.llm!r}")
    if options.llm_option and options.llm is None:
        raise InvalidInputError(f"`llm_option` needs an `llm`, but got {options.llm_option!r}")
    if not 0 <= options.llm_temperature <= 2:
        raise InvalidInputError(f"`llm_temperature` must lie in [0, 2], but got {options.llm_temperature!r}")
    if options.llm_max_tokens < 1:
        raise InvalidInputError(f"`llm_max_tokens` must be >= 1, but got {options.llm_max_tokens!r}")


@dataclass(frozen=True)
class LLMSpec:
    """Everything that an LLM is made of.

    Attributes:
        engine: its name.
        model: as users write it.
        options: of the engine, as JSON.
        temperature: of every reply.
        max_tokens: of a reply.
    """

    engine: str
    model: str
    options: str
    temperature: float
    max_tokens: int

    @classmethod
    def of(cls, options: LLMOptions) -> LLMSpec | None:
        """From the options; None without an LLM."""
        if options.llm is None:
            return None
        engine, _, model = options.llm.partition(":")
        engine_options = with_servers(options, engine, options.llm_option)
        text = json.dumps(engine_options, sort_keys=True)
        return cls(engine, model, text, options.llm_temperature, options.llm_max_tokens)

    @property
    def loads(self) -> bool:
        """Whether a process that uses it has the model in its memory."""
        return self.engine in LOADING

    def check(self) -> None:
        """Check that there is such an engine and such a model; nothing is loaded.

        Raises:
            InvalidInputError, MissingExtraError: see :meth:`agent`.
        """
        with ExitStack() as stack:
            self.agent(self.sampler(":memory:", 0, stack), "check")

    def sampler(self, store: str | Path, seed: int, stack: ExitStack) -> Sampler:
        """A sampler over an engine of its own, closed with the stack. The engine is made when it is first needed.

        Raises:
            InvalidInputError: there is no such engine.
        """
        sampler = build_sampler(self.engine, store, seed=seed, engine_options=json.loads(self.options))
        stack.enter_context(closing(sampler))
        return sampler

    def agent(self, sampler: Sampler, run: str) -> AgentLLM:
        """The LLM, drawing from a sampler; its engine is made, so that options that it refuses are refused here.

        Raises:
            InvalidInputError: the model is not known, or the engine refuses an option.
            MissingExtraError: the engine's library is not installed.
        """
        model = resolve_model(self.model)
        sampler.engine(model)
        return AgentLLM(sampler, model, temperature=self.temperature, max_tokens=self.max_tokens, run=run)


def with_servers(options: LLMOptions, engine: str, engine_options: Mapping[str, Any]) -> dict[str, Any]:
    """An engine's options, with the servers' addresses if it needs them."""
    servers = {"base_urls": list(options.base_url)} if engine == "openai" and options.base_url else {}
    return {**servers, **engine_options}
