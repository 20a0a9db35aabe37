"""What inference was spent, and what was saved by reuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Ledger:
    """Tokens and their price. Ledgers add up with ``+``.

    *Computed* counts what was drawn for the trial at hand; *reused* what had been drawn before, for an earlier trial or
    by another run over the same store. A prompt counts once per trial, however many samples share its prefill.

    Attributes:
        samples_computed: samples drawn.
        samples_reused: samples found in the store.
        prompt_tokens_computed: prompt tokens read for the samples drawn.
        prompt_tokens_reused: prompt tokens of prompts whose samples all came from the store.
        decode_tokens_computed: tokens written.
        decode_tokens_reused: tokens that did not have to be written again.
        flops: floating-point operations of the computed tokens (see :mod:`agenttts_env.cost`).
        dollars: price of the computed tokens in US dollars; models without a price count as free.
        seconds: the engine's wall time for the computed samples.
    """

    samples_computed: int = 0
    samples_reused: int = 0
    prompt_tokens_computed: int = 0
    prompt_tokens_reused: int = 0
    decode_tokens_computed: int = 0
    decode_tokens_reused: int = 0
    flops: float = 0.0
    dollars: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def tokens_computed(self) -> int:
        """Prompt and decode tokens computed."""
        return self.prompt_tokens_computed + self.decode_tokens_computed

    @property
    def tokens_reused(self) -> int:
        """Prompt and decode tokens reused."""
        return self.prompt_tokens_reused + self.decode_tokens_reused

    def as_reused(self) -> Ledger:
        """The same work, had everything been in the store."""
        return Ledger(
            samples_reused=self.samples_computed + self.samples_reused,
            prompt_tokens_reused=self.prompt_tokens_computed + self.prompt_tokens_reused,
            decode_tokens_reused=self.decode_tokens_computed + self.decode_tokens_reused,
        )

    def to_json(self) -> dict[str, Any]:
        """A flat dictionary."""
        return asdict(self)
