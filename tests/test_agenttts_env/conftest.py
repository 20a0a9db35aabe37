"""A toy task whose samples are right or wrong by a counter, for tests of the machinery around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from agenttts_env.engines.base import Message, Prompt, Request
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.env import AllocationEnv
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.model import Model
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import SampleStore
from agenttts_env.task import Task

SMALL, LARGE = Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0)


@dataclass(frozen=True)
class ToyPipeline(Pipeline):
    """Read a digit, then add one to it. An example is its gold digit."""

    def prompt(self, stage: str, example: int, upstream: Mapping[str, Output]) -> Prompt:
        return (Message("user", f"{stage} {example} {upstream.get('read')}"),)

    def parse(self, stage: str, text: str, example: int, upstream: Mapping[str, Output]) -> Output:
        return int(text) if text.isdigit() else None

    def score(self, example: int, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        return {"right": float(outputs["add"] == example + 1), "read": float(outputs["read"] == example)}

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        return (*prompt, Message("user", "fuse " + " ".join(texts)))


def toy_reply(request: Request, index: int) -> str:
    """Right more often than not; sometimes no digit at all."""
    stage, example, read = request.prompt[0].content.split()
    chance = hashlib.sha256(f"{request.prompt} {index} {request.seed}".encode()).digest()[0] / 255
    right = example if stage == "read" else str(int(read) + 1) if read.isdigit() else "none"
    return right if chance < 0.6 else "none" if chance > 0.95 else str(int(chance * 1000) % 10)


@pytest.fixture
def toy_task() -> Task:
    stages = (
        Stage("read", (SMALL, LARGE), 256, 64, 8),
        Stage("add", (SMALL, LARGE), 128, 64, 8),
    )
    return Task("toy", "Read a digit, then add one.", stages, ("right", "read"), ToyPipeline())


@dataclass
class Toy:
    """A toy environment and what stands behind it."""

    env: AllocationEnv
    sampler: Sampler
    engines: dict[str, ScriptedEngine]

    @property
    def samples_computed(self) -> int:
        return sum(request.count for engine in self.engines.values() for request in engine.calls)


@pytest.fixture
def toy(toy_task: Task, tmp_path: Path) -> Callable[..., Toy]:
    """Builds toys over one store; keyword arguments go to the environment."""

    def build(
        *,
        reply: Callable[[Request, int], str] = toy_reply,
        task: Task = toy_task,
        store: str | Path | None = None,
        examples: Sequence[int] = range(8),
        cost: str = "paper",
        budget: float | None = None,
        **options: object,
    ) -> Toy:
        engines: dict[str, ScriptedEngine] = {}

        def make_engine(model: Model) -> ScriptedEngine:
            return engines.setdefault(model.name, ScriptedEngine(model, reply))

        sampler = Sampler(SampleStore(store or tmp_path / "samples.sqlite"), make_engine)
        problem = Problem.of(task, cost=cost, budget=budget)
        evaluator = LiveEvaluator(task, examples, sampler)
        return Toy(AllocationEnv(problem, evaluator, **options), sampler, engines)  # type: ignore[arg-type]

    return build
