"""The seam to LLM inference: requests in, completions out, each as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agenttts_env.errors import InvalidInputError


@dataclass(frozen=True)
class Message:
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


Prompt = tuple[Message, ...]


@dataclass(frozen=True)
class Sampling:
    """How a completion is drawn.

    Attributes:
        temperature: 0 is greedy.
        max_tokens: cut after so many tokens.
        top_p: nucleus of the distribution.
        stop: the completion ends before any of these.
        schema: canonical JSON text of a JSON schema that the completion must follow, where the engine can do so.
    """

    temperature: float
    max_tokens: int
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    schema: str | None = None


@dataclass(frozen=True)
class Request:
    """Samples number ``first`` to ``first + count - 1`` of one prompt.

    Attributes:
        prompt: chat messages.
        first: number of the first sample wanted, from 0.
        count: how many samples, >= 1.
        sampling: how to draw them.
        seed: seed of this prompt's sample pool; an engine that can be seeded per sample makes sample i a function of
            (prompt, seed, i) alone.
    """

    prompt: Prompt
    first: int
    count: int
    sampling: Sampling
    seed: int

    def __post_init__(self) -> None:
        if self.count < 1 or self.first < 0:
            raise InvalidInputError(f"need first >= 0 and count >= 1, but got first={self.first}, count={self.count}")


@dataclass(frozen=True)
class Completion:
    """One finished sample.

    Attributes:
        index: its number in the prompt's sample pool.
        text: what the model wrote, without the stop string.
        prompt_tokens: length of the prompt in tokens (the same for all samples of a prompt).
        decode_tokens: number of tokens generated.
        finish_reason: ``stop``, or ``length`` where it was cut.
        seconds: this sample's share of the engine's wall time.
    """

    index: int
    text: str
    prompt_tokens: int
    decode_tokens: int
    finish_reason: str
    seconds: float


class Engine(Protocol):
    """One loaded (or reachable) model. Constructing one is cheap; the first ``generate`` loads it.

    Attributes:
        identity: what else than the model's name and the request decides the samples, for example
            ``transformers/bfloat16``. It is part of every stored sample's key.
    """

    @property
    def identity(self) -> str: ...  # noqa: D102

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Draw all samples of all requests, as one batch.

        Yields:
            (position of the request, completions of it), as soon as they are finished, in any order and in as many
            pieces as the engine likes; the caller stores each piece before it asks for the next.

        Raises:
            EngineError: some samples could not be had, after everything that could be had has been yielded.
        """
        ...

    def close(self) -> None:
        """Free the model's memory; a later ``generate`` loads it again."""
        ...
