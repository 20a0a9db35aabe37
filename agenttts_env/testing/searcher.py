"""The contract of a searcher, as a test that whoever writes one runs with one line."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import random
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import get_args

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.errors import ProposalError
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import State, Trial


class ScriptedObjective:
    """Trials by formula, nothing is run: a score that rises with models and samples, levels off and then declines.

    A searcher has to live with every outcome: about an eighth of the allocations fail, and about an eighth come back
    infeasible whatever they cost (as well as all that are over budget). Which ones depends on the allocation alone.

    Args:
        problem: what is allocated.
        mishaps: whether trials within the budget fail, or come back infeasible.
    """

    def __init__(self, problem: Problem, *, mishaps: bool = True) -> None:
        self.problem = problem
        self.mishaps = mishaps

    def trial(self, number: int, requested: Allocation | None, reason: str = "") -> Trial:
        """What becomes of a request; ``reason`` says why there is none."""
        if requested is None:
            return Trial(number, None, None, "failed", reason=reason)
        cost = self.problem.cost_of(requested)
        draw = hashlib.sha256(str(requested).encode()).digest()[0] % 8 if self.mishaps else 7
        if draw == 0:
            return Trial(number, requested, None, "failed", cost=cost, reason="scripted")
        if draw == 1 or not self.problem.is_feasible(requested):
            return Trial(number, requested, None, "infeasible", cost=cost, reason="scripted")
        score = self.score(requested)
        metrics = {metric: score / place for place, metric in enumerate(self.problem.task.metrics, 1)}
        return Trial(number, requested, requested, "complete", cost, score, 0.05, metrics, (score,) * 4)

    def score(self, allocation: Allocation) -> float:
        """The product over stages of a quality in [0, 1] that peaks at 12 samples, or later for larger models."""
        quality = 1.0
        for stage, choice in zip(self.problem.task.stages, allocation.stages, strict=True):
            size = (stage.models.index(stage.model(choice.model)) + 1) / len(stage.models)
            decline = 0.02 * math.log1p(max(0.0, choice.samples / (24 * size) - 1))
            quality *= max(0.0, 0.4 + 0.3 * size + 0.3 * (1 - math.exp(-choice.samples / 4)) - decline)
        return quality


def check_searcher(
    make: Callable[[], Searcher],
    problem: Problem,
    *,
    trials: int = 16,
    within_budget: bool = False,
    no_repeats: bool = False,
) -> None:
    """Check everything that :func:`~agenttts_env.search.search` and a fair comparison rely on.

    Every allocation that is asked for is on offer. The same seed asks the same, from a new searcher and from one that
    was reset after another seed and a tighter budget; a searcher learns from nothing but the problem and the trials
    that it is told, draws from no global random numbers, and edits neither. A search that is told its log, as read
    back from JSON, goes on as it would, after every prefix. Failed and infeasible trials break nothing, even where
    there are no others. Overhead never falls. Notes are JSON.

    Args:
        make: a new searcher; called many times. One with an LLM draws from one sample store in all calls.
        problem: what to search.
        trials: length of each search.
        within_budget: whether the searcher promises to ask for feasible allocations only.
        no_repeats: whether it promises to ask for no allocation twice while a feasible one is untried.

    Raises:
        AssertionError: what does not hold.
    """
    searcher, global_random = make(), _global_random()
    whole = _run(make(), problem, trials, seed=0)
    _expect_same(_run(searcher, problem, trials, seed=0), whole, "a new searcher with the same seed")
    tight = replace(problem, budget=(problem.cheapest_cost + problem.budget) / 2)
    runs = [(problem, whole), (tight, _run(searcher, tight, trials, seed=1))]
    _expect_same(_run(searcher, problem, trials, seed=0), whole, "a searcher that was reset with the same seed")
    runs += [(problem, _run(make(), problem, trials, seed=0, only=state)) for state in get_args(State)]
    for length in range(1, trials):
        logged = [Trial.from_json(json.loads(json.dumps(trial.to_json()))) for trial in whole[:length]]
        _expect_same(_run(make(), problem, trials, seed=0, logged=logged), whole, f"a resume after {length} trials")
    assert _global_random() == global_random, "the global random numbers of `random` and `numpy` must be left alone"
    for searched, told in runs:
        asked = [trial.requested for trial in told if trial.requested is not None]
        if within_budget:
            for allocation in asked:
                assert searched.is_feasible(allocation), f"nothing over budget must be asked for, but {allocation} was"
        if no_repeats:
            first = asked[: searched.count()]
            for place, allocation in enumerate(first):
                assert allocation not in first[:place], (
                    f"nothing must be asked for twice while anything is untried, but {allocation} was"
                )


def _run(
    searcher: Searcher,
    problem: Problem,
    trials: int,
    *,
    seed: int,
    logged: Sequence[Trial] = (),
    only: State | None = None,
) -> list[Trial]:
    """One search; ``logged`` are its first trials; ``only`` is what becomes of every trial."""
    objective = ScriptedObjective(problem, mishaps=only is None)
    tables = [table.copy() for table in problem.cost_tables]
    told: list[Trial] = []
    written: list[str] = []
    searcher.reset(problem, trials=trials, seed=seed)
    overhead = searcher.overhead
    assert overhead == Ledger(), f"`overhead` must be zero after a reset, but is {overhead}"
    for number in range(trials):
        try:
            requested, reason = searcher.ask(), ""
            problem.validate(requested)
        except ProposalError as error:
            requested, reason = None, str(error)
        json.dumps(searcher.notes(), allow_nan=False)
        before, overhead = overhead, searcher.overhead
        for field in fields(Ledger):
            assert getattr(overhead, field.name) >= getattr(before, field.name), f"`overhead.{field.name}` fell"
        trial = logged[number] if number < len(logged) else objective.trial(number, requested, reason)
        if only in ("failed", "infeasible"):
            trial = Trial(number, requested, None, only, cost=trial.cost, reason="scripted")
        assert requested == trial.requested, (
            f"trial {number} of the log asked for {trial.requested}, but got {requested}"
        )
        told.append(trial)
        written.append(json.dumps(trial.to_json()))
        searcher.tell(trial)
    for trial, text in zip(told, written, strict=True):
        assert json.dumps(trial.to_json()) == text, f"trials must not be edited, but trial {trial.number} was"
    for table, kept in zip(problem.cost_tables, tables, strict=True):
        assert np.array_equal(table, kept), "the problem must not be edited, but its cost tables were"
    return told


def _global_random() -> bytes:
    return pickle.dumps((random.getstate(), np.random.get_state()))  # noqa: NPY002


def _expect_same(found: Sequence[Trial], expected: Sequence[Trial], what: str) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.requested == other.requested, (
            f"{what} must ask the same, but asks for {one.requested} in trial {one.number} and not {other.requested}"
        )
