"""Toy tasks of two and three stages, an engine whose samples take time, and what is recorded of them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from agenttts_env.engines.base import Completion, Message, Prompt, Request
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.model import Model
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.provenance import Provenance
from agenttts_env.recording import record
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import SampleStore
from agenttts_env.task import Task

SMALL, LARGE = Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0)
SEARCH, TEST = (1, 2, 3, 4, 3, 6), (7, 1)  # some examples are alike: they share their pools
LEVELS = (1, 2, 3, 5)


@dataclass(frozen=True)
class Counting(Pipeline):
    """Read a digit, mend it if it is odd, add one to it. An example is its gold digit.

    ``add`` is asked the same for all examples of which the same was read.
    """

    def prompt(self, stage: str, example: int, upstream: Mapping[str, Output]) -> Prompt | None:
        if stage == "mend" and (upstream["read"] is None or int(str(upstream["read"])) % 2 == 0):
            return None
        told = upstream.get("mend", upstream.get("read"))
        return (Message("user", f"{stage} {example if stage == 'read' else told}"),)

    def skip(self, stage: str, example: int, upstream: Mapping[str, Output]) -> Output:
        return upstream["read"]

    def parse(self, stage: str, text: str, example: int, upstream: Mapping[str, Output]) -> Output:
        return int(text) if text.isdigit() else None

    def score(self, example: int, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        near = 0.0 if outputs["add"] is None else 1 / (1 + abs(int(str(outputs["add"])) - example - 1))
        return {"right": float(outputs["add"] == example + 1), "near": near}

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        return (*prompt, Message("user", "fuse " + " ".join(texts)))


def reply(request: Request, index: int) -> str:
    """Often the number in the prompt or one more, sometimes another one, sometimes none."""
    stage, told = request.prompt[0].content.split()
    chance = hashlib.sha256(f"{request.seed} {index}".encode()).digest()[0]
    if chance < 40 or not told.isdigit():
        return "nothing"
    return str(int(told) + (stage == "add")) if chance < 170 else str(chance % 8)


class SlowEngine(ScriptedEngine):
    """A scripted engine that says that its samples took time."""

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for position, completions in super().generate(requests):
            seed = requests[position].seed
            yield position, [dataclasses.replace(c, seconds=(seed % 997) / 7e4 + c.index / 3) for c in completions]


def make_sampler() -> Sampler:
    """A sampler over an empty store."""
    return Sampler(SampleStore(":memory:"), lambda model: SlowEngine(model, reply))


@cache
def counting_task(stages: int, fusion: str) -> Task:
    """Two or three stages; ``fusion`` is ``vote``, or ``llm`` for all stages but the second."""
    names = ("read", "add") if stages == 2 else ("read", "mend", "add")
    specs = tuple(Stage(name, (SMALL, LARGE), 128, 64, 8) for name in names)
    task = Task("counting", "Read a digit, mend it, add one.", specs, ("right", "near"), Counting())
    return task.with_stages(fusions={name: "llm" for name in names if name != names[1]}) if fusion == "llm" else task


@cache
def recorded(stages: int = 2, fusion: str = "vote") -> OutcomeTable:
    """What is recorded of a counting task, by an engine called ``toy``."""
    return record(counting_task(stages, fusion), SEARCH, TEST, make_sampler(), LEVELS, Provenance("toy"))


def live(stages: int = 2, fusion: str = "vote", examples: Sequence[int] = SEARCH) -> LiveEvaluator:
    """The same, live, over an empty store."""
    return LiveEvaluator(counting_task(stages, fusion), examples, make_sampler())
