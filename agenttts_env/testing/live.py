"""What a task does in the real evaluator, with writers that know everything and nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Prompt, Request
from agenttts_env.engines.scripted import Reply, ScriptedEngine, scripted_reply
from agenttts_env.env import AllocationEnv
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.model import Model
from agenttts_env.pipeline import Example, Output, Pipeline
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.testing.rule import broken, called, short
from agenttts_env.trial import Trial

Answers: TypeAlias = Callable[[str, Example, Mapping[str, Output]], str]
"""What a perfect model writes: from a stage, an example and the outputs before."""

_NONSENSE = "Well, an umbrella perhaps; or else not."
_MOST_FOR_NONSENSE = 0.5


def check_answers(task: Task, examples: Sequence[Example], answers: Answers) -> None:
    """That perfect replies score 1 in the main metric, all the way through the evaluator."""
    author = _Author(task, answers)
    evaluation = _evaluate(replace(task, pipeline=author), examples, author.reply)
    for example, score, outputs in zip(examples, evaluation.scores[task.main_metric], author.scored, strict=True):
        if score != 1:
            broken(
                f"example {short(getattr(example, 'id', example), 60)}",
                f"the replies of `answers` must score 1 in {task.main_metric!r}",
                f"their outputs {short(outputs, 200)} score {score}",
                "Either `answers` is wrong, or a stage's prompt, `parse`, `vote` or `score` is.",
            )


def check_nonsense(task: Task, examples: Sequence[Example]) -> None:
    """That a model that writes nonsense breaks nothing, and earns next to nothing."""
    mend = "See the error above: no reply may raise."
    evaluation = called("a model that writes nonsense", "it", mend, _evaluate, task, examples, lambda *_: _NONSENSE)
    score = evaluation.mean(task.main_metric)
    if score >= _MOST_FOR_NONSENSE:
        broken(
            f"a model that always writes {_NONSENSE!r}",
            f"it must score less than {_MOST_FOR_NONSENSE} in {task.main_metric!r}",
            f"it scores {score:.2f}",
            "Let `parse` return None for what states no output, instead of a default that may be right.",
        )


def check_search(task: Task, examples: Sequence[Example]) -> None:
    """That a search of two trials runs, and goes on from its first trial at no inference."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples.sqlite"
        mend = "See the error above."
        whole, _ = called("a search with the scripted engine", "it", mend, _search, task, examples, file, ())
        resumed, computed = _search(task, examples, file, whole[:1])
    for trial in whole:
        if trial.state != "complete":
            broken(
                f"trial {trial.number} of a search", "it must complete", f"{trial.state}: {trial.reason}", "Mend it."
            )
    if resumed != whole or computed:
        broken(
            "a search that is resumed after its first trial",
            "it must give the same trials at no inference",
            f"trial 1 scores {whole[1].score} and then {resumed[1].score}, and {computed} samples were drawn again",
            "Something in the pipeline depends on more than its arguments.",
        )


class _TwoSearcher(Searcher):
    """Any two allocations."""

    name = "two"

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        self._problem, self._rng = problem, np.random.default_rng(seed)

    def ask(self) -> Allocation:
        return self._problem.sample(self._rng)

    def tell(self, trial: Trial) -> None:
        """Learn nothing."""


class _Author(Pipeline):
    """The task's own pipeline, which also tells the engine whose prompt it is that it gets."""

    def __init__(self, task: Task, answers: Answers) -> None:
        assert task.pipeline is not None
        self.scored: list[dict[str, Output]] = []
        self._own = task.pipeline
        self._answers = answers
        self._most = {stage.name: stage.max_tokens for stage in task.stages}
        self._stage = ""
        self._replies: dict[Prompt, str] = {}

    def reply(self, request: Request, index: int) -> str:
        return self._replies[request.prompt]

    def prompt(self, stage: str, example: Example, upstream: Mapping[str, Output]) -> Prompt | None:
        if stage != self._stage:  # all examples of a stage come before the next stage
            self._stage, self._replies = stage, {}
        prompt = self._own.prompt(stage, example, upstream)
        if prompt is None:
            return None
        where = f"stage {stage!r}, example {short(getattr(example, 'id', example), 60)}"
        mend = "It gets what `prompt` gets, and returns what a perfect model would write."
        text = called(where, "`answers`", mend, self._answers, stage, example, upstream)
        if len(text.split()) > self._most[stage]:
            found = f"{len(text.split())} words do not fit into {self._most[stage]} tokens"
            broken(where, "`max_tokens` must leave room for a good reply", found, "Raise the stage's `max_tokens`.")
        if self._replies.setdefault(prompt, text) != text:
            found = f"another example has the same prompt and another answer than {short(text)}"
            broken(where, "`prompt` must hold what the answer depends on", found, "Add what is missing.")
        return prompt

    def skip(self, stage: str, example: Example, upstream: Mapping[str, Output]) -> Output:
        return self._own.skip(stage, example, upstream)

    def schema(self, stage: str) -> Mapping[str, Any] | None:
        return self._own.schema(stage)

    def parse(self, stage: str, text: str, example: Example, upstream: Mapping[str, Output]) -> Output:
        return self._own.parse(stage, text, example, upstream)

    def score(self, example: Example, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        self.scored.append(dict(outputs))
        return self._own.score(example, outputs)

    def vote(self, stage: str, outputs: Sequence[Any]) -> Output:
        return self._own.vote(stage, outputs)

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        fused = self._own.fusion_prompt(stage, prompt, texts)
        self._replies[fused] = self._replies[prompt]
        return fused


def _evaluate(task: Task, examples: Sequence[Example], reply: Reply) -> Evaluation:
    sampler = Sampler(SampleStore(":memory:"), lambda model: ScriptedEngine(model, reply))
    allocation = Allocation.of(*((stage.models[0].name, 2) for stage in task.stages))
    return LiveEvaluator(task, examples, sampler).evaluate(allocation, "check")


def _search(task: Task, examples: Sequence[Example], store: Path, resume: Sequence[Trial]) -> tuple[list[Trial], int]:
    """All trials, and how many samples were computed."""
    engines: list[ScriptedEngine] = []

    def make_engine(model: Model) -> ScriptedEngine:
        engines.append(ScriptedEngine(model, scripted_reply))
        return engines[-1]

    sampler = Sampler(SampleStore(store), make_engine)
    problem = Problem.of(task, cost="flops", budget=1e30, levels=(1, 2, 3))
    env = AllocationEnv(problem, LiveEvaluator(task, examples, sampler, backend="scripted"), trials=2, run="check")
    trials = search(env, _TwoSearcher(), resume=resume)
    sampler.close()
    return trials, sum(engine.samples for engine in engines)
