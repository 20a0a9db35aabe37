"""An engine without a model: instant, deterministic replies, for tests and for trying a set-up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from agenttts_env.engines.base import Completion, Request
from agenttts_env.engines.random_json import random_json
from agenttts_env.engines.sample_seed import sample_seed
from agenttts_env.engines.stopping import cut_at_stop
from agenttts_env.model import Model

Reply = Callable[[Request, int], str]
"""What sample number i of a request says."""


def scripted_reply(request: Request, index: int) -> str:
    """Well-formed nonsense: sample ``index`` is a function of (prompt, seed, index), as in a real engine.

    Under a schema it is JSON that follows it; else a few words of the prompt, with lines ``Sentences: 3, 7`` (or
    ``Triples:``, where the prompt asks for these; numbers that begin a line of it) and ``Answer: …`` (words of it).
    """
    rng = np.random.default_rng(sample_seed(request, index if request.sampling.temperature else 0))
    asked = [message.content for message in request.prompt if message.role == "user"]
    text = asked[-1] if asked else ""
    words = re.findall(r"\w+", text) or ["nothing"]
    if request.sampling.schema is not None:
        return json.dumps(random_json(json.loads(request.sampling.schema), words, rng))
    numbers = sorted({int(number) for number in re.findall(r"^\W*(\d{1,4})\b", text, re.MULTILINE)}) or range(1, 10)
    chosen = sorted(rng.choice(numbers, size=min(len(numbers), int(rng.integers(1, 4))), replace=False).tolist())
    start = int(rng.integers(len(words)))
    answer = words[start : start + int(rng.integers(1, 3))]
    noun = "Triples" if "Triples:" in text else "Sentences"
    return f"{words[int(rng.integers(len(words)))]}.\n{noun}: {', '.join(map(str, chosen))}\nAnswer: {' '.join(answer)}"


class ScriptedEngine:
    """An in-memory double of an engine. A token is a word.

    Args:
        model: whose place it takes.
        reply: what sample i of a request says.
        latency: seconds that every request takes.

    Attributes:
        calls: every request that was computed, in order.
    """

    identity = "scripted"

    def __init__(self, model: Model, reply: Reply = scripted_reply, *, latency: float = 0.0) -> None:
        self.model = model
        self.calls: list[Request] = []
        self._reply = reply
        self._latency = latency

    @property
    def samples(self) -> int:
        """How many samples were computed so far."""
        return sum(request.count for request in self.calls)

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Draw all samples, one request after another."""
        for position, request in enumerate(requests):
            time.sleep(self._latency)
            self.calls.append(request)
            yield position, [self._complete(request, request.first + offset) for offset in range(request.count)]

    def close(self) -> None:
        """Nothing to free."""

    def _complete(self, request: Request, index: int) -> Completion:
        text = self._reply(request, index)
        before_stop = cut_at_stop(text, request.sampling.stop)
        text = text if before_stop is None else before_stop
        ends = [word.end() for word in re.finditer(r"\S+", text)]
        cut = len(ends) > request.sampling.max_tokens
        return Completion(
            index=index,
            text=text[: ends[request.sampling.max_tokens - 1]] if cut else text,
            prompt_tokens=sum(len(message.content.split()) for message in request.prompt),
            decode_tokens=min(max(len(ends), 1), request.sampling.max_tokens),
            finish_reason="length" if cut else "stop",
            seconds=self._latency / request.count,
        )
