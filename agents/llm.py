"""The LLM of an agent: a reply is drawn once, kept in the sample store, and found there when a search resumes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agenttts_env.engines.base import Prompt, Sampling
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.sampler import Sampler


class AgentLLM:
    """Replies to one prompt at a time, without a memory of the ones before.

    Args:
        sampler: how replies are drawn and kept. Its seed decides them.
        model: who writes them.
        temperature: sampling temperature of every reply.
        max_tokens: a reply is cut after so many tokens.
        run: name of the search that pays; a resumed search has the same name, another search another one.
    """

    def __init__(
        self, sampler: Sampler, model: Model, *, temperature: float = 1.0, max_tokens: int = 2048, run: str
    ) -> None:
        self.model = model
        self.run = run
        self._sampler = sampler
        self._temperature = temperature
        self._max_tokens = max_tokens
        self.reset()

    def reset(self) -> None:
        """Count calls and inference from zero: a search begins, or begins again."""
        self._calls = 0
        self._ledger = Ledger()

    @property
    def ledger(self) -> Ledger:
        """The inference of all calls since ``reset``."""
        return self._ledger

    def reply(self, messages: Prompt, *, schema: Mapping[str, Any] | None = None, attempt: int = 0) -> str:
        """One reply; always the same one to the same arguments.

        Args:
            messages: the prompt.
            schema: JSON schema that the reply must follow, where the engine can do so. The order of its keys counts: an
                engine writes the properties of an object in it.
            attempt: number of the reply, from 0: ask again with the next one for another reply to the same prompt.

        Raises:
            EngineError: the engine cannot be reached.
        """
        sampling = Sampling(
            temperature=self._temperature,
            max_tokens=self._max_tokens,
            schema=None if schema is None else json.dumps(schema, separators=(",", ":")),
        )
        payer = f"{self.run}/agent/{self._calls}"
        pools, ledger = self._sampler.draw("agent", self.model, [messages], attempt + 1, sampling, payer)
        self._calls += 1
        self._ledger += ledger
        return pools[0][attempt].text
