"""Searches by an LLM whose replies are scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agenttts_env.agents import (
    AgentHPOSearcher,
    AgentLLM,
    AgentTTSSearcher,
    CentaurSearcher,
    LLAMBOSearcher,
    LLMSearcher,
    MLCopilotSearcher,
    ZeroShotSearcher,
)
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.errors import ProposalError
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective
from agenttts_env.trial import Trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGES = (Stage("read", (SMALL, LARGE), 256, 64, 64), Stage("add", (SMALL, LARGE), 128, 64, 64))
PROBLEM = Problem.of(Task("two", "Read a digit, then add one.", STAGES, ("right", "read")))
AGENT = Model("agent", 1e9)

Reply = Callable[[Request, int], str]

SEARCHERS: dict[str, Callable[..., LLMSearcher]] = {
    "agenttts": AgentTTSSearcher,
    "zero-shot": ZeroShotSearcher,
    "agenthpo": AgentHPOSearcher,
    "mlcopilot": MLCopilotSearcher,
    "llambo": LLAMBOSearcher,
    "centaur": CentaurSearcher,
}

FRUGAL: dict[str, dict[str, Any]] = {
    "agenttts": {"insight_1": False, "batch": 2},
    "zero-shot": {"batch": 2},
    "agenthpo": {},
    "mlcopilot": {"batch": 2},
    "llambo": {"warm_start": 1, "candidates": 2, "orders": 1, "generations": 2},
    "centaur": {"warm_up": 2, "every": 2},
}
"""Options with which a search soon comes to its LLM, and asks it little."""


def written(*samples: int, model: Model = SMALL) -> str:
    """A reply that proposes these counts at both stages."""
    choices = [{"model": model.name, "samples": count} for count in samples]
    return json.dumps({"candidates": [{"read": choice, "add": choice} for choice in choices]})


def small(count: int) -> Allocation:
    """What :func:`written` proposes."""
    return Allocation.of((SMALL.name, count), (SMALL.name, count))


def make_llm(reply: Reply, store: str | Path = ":memory:", *, run: str = "run") -> tuple[AgentLLM, ScriptedEngine]:
    """An LLM that says what is scripted, and its engine."""
    engine = ScriptedEngine(AGENT, reply)
    return AgentLLM(Sampler(SampleStore(store), lambda model: engine), AGENT, run=run), engine


@dataclass
class Run:
    """A searcher, its engine, and what happened so far."""

    name: str
    reply: Reply
    options: dict[str, Any] = field(default_factory=dict)
    problem: Problem = PROBLEM
    seed: int = 0
    store: str | Path = ":memory:"
    mishaps: bool = False
    asked: list[Allocation | None] = field(default_factory=list)
    told: list[Trial] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        llm, self.engine = make_llm(self.reply, self.store)
        self.searcher = SEARCHERS[self.name](llm, **self.options)
        self.searcher.reset(self.problem, trials=50, seed=self.seed)
        self.objective = ScriptedObjective(self.problem, mishaps=self.mishaps)

    def go(self, trials: int, logged: Sequence[Trial] = ()) -> Run:
        """Search on; the first trials are those that are logged."""
        for _ in range(trials):
            number = len(self.told)
            try:
                requested, reason = self.searcher.ask(), ""
                self.problem.validate(requested)
            except ProposalError as error:
                requested, reason = None, str(error)
            self.notes += self.searcher.notes()
            self.asked.append(requested)
            trial = logged[number] if number < len(logged) else self.objective.trial(number, requested, reason)
            self.told.append(trial)
            self.searcher.tell(trial)
        return self

    def prompts(self, kind: str) -> list[str]:
        """What was asked, by the kind of note."""
        return [note["prompt"][-1]["content"] for note in self.notes if note["kind"] == kind]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The notes of a kind."""
        return [note for note in self.notes if note["kind"] == kind]


def script(*proposals: str, text: str = "some text") -> Reply:
    """Proposals in order of drawing, whatever is asked; then small counts, one higher each time."""
    replies = iter([*proposals, *(written(count) for count in range(50, 100))])

    def reply(request: Request, index: int) -> str:
        if request.sampling.schema is None:
            return text
        if "candidates" in request.sampling.schema:
            return next(replies)
        return '{"score": 50}'

    return reply
