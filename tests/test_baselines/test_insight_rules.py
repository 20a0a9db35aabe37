from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.initial import initial_allocations
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective, check_searcher
from agenttts_env.trial import Trial

SMALL, MIDDLE, LARGE = (MODELS[name] for name in ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"))
FIRST, SECOND = Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, MIDDLE, LARGE), 128, 64, 64)
PROBLEM = Problem.of(Task("two", "", (FIRST, SECOND), ("score",)))


def run(
    searcher: Searcher,
    problem: Problem,
    trials: int,
    score: Callable[[Allocation], tuple[float, ...]] | None = None,
    seed: int = 0,
) -> list[Trial]:
    """A search without mishaps; ``score`` gives every example's score."""
    objective = ScriptedObjective(problem, mishaps=False)
    searcher.reset(problem, trials=trials, seed=seed)
    told = []
    for number in range(trials):
        asked = searcher.ask()
        trial = objective.trial(number, asked)
        if score is not None:
            scores = score(asked)
            mean = sum(scores) / len(scores)
            trial = Trial(number, asked, asked, "complete", trial.cost, mean, 0.1, {"score": mean}, scores)
        told.append(trial)
        searcher.tell(trial)
    return told


@pytest.mark.parametrize("levels", [None, (1, 50), (3,), (2, 4, 8, 16)])
def test_contract(levels: tuple[int, ...] | None) -> None:
    check_searcher(InsightRulesSearcher, Problem.of(PROBLEM.task, levels=levels), within_budget=True, no_repeats=True)


SWITCHES = [
    dict(zip(("insight_1", "insight_2", "insight_3"), on, strict=True)) for on in product((True, False), repeat=3)
]


@pytest.mark.parametrize("on", SWITCHES[1:])
def test_contract_without_insights(on: dict[str, bool]) -> None:
    check_searcher(lambda: InsightRulesSearcher(**on), PROBLEM, within_budget=True, no_repeats=True)


@pytest.mark.parametrize("on", SWITCHES)
def test_every_set_of_insights_searches_in_its_own_way(on: dict[str, bool]) -> None:
    # At this seed the random start does not coincide with a first trial of Insight 1.
    asked = [[t.requested for t in run(InsightRulesSearcher(**other), PROBLEM, 60)] for other in SWITCHES]
    assert sum(found == asked[SWITCHES.index(on)] for found in asked) == 1


def test_without_insight_1_a_search_starts_at_random_and_compares_nothing() -> None:
    starts = {run(InsightRulesSearcher(insight_1=False), PROBLEM, 1, seed=seed)[0].requested for seed in range(6)}
    assert len(starts) > 3
    assert not starts <= set(initial_allocations(PROBLEM))


def test_without_insight_2_counts_are_random_and_end_nowhere() -> None:
    # One stage whose score falls with every sample: the ladder sees that and stops, random counts do not.
    problem = Problem.of(Task("one", "", (Stage("a", (SMALL,), 256, 64, 64),), ("score",)), budget=95)

    def falling(allocation: Allocation) -> tuple[float, ...]:
        return (1 - allocation.stages[0].samples / 100,)

    def counts(searcher: Searcher, seed: int = 0) -> list[int]:
        told = run(searcher, problem, 4, falling, seed)
        return [trial.requested.stages[0].samples for trial in told if trial.requested is not None]

    assert problem.levels[-1] == 100
    assert counts(InsightRulesSearcher())[:3] == [1, 3, 9]
    found = [counts(InsightRulesSearcher(insight_2=False), seed)[1:] for seed in range(5)]
    assert len({tuple(one) for one in found}) == 5
    assert max(max(one) for one in found) > 27


def test_without_insight_3_no_trial_shifts_budget_between_stages() -> None:
    def changes(searcher: Searcher) -> list[int]:
        """By trial, in how many stages it differs from the nearest trial before it."""
        asked = [trial.requested for trial in run(searcher, PROBLEM, 60) if trial.requested is not None]
        return [
            min(sum(a != b for a, b in zip(one.stages, other.stages, strict=True)) for other in asked[:number])
            for number, one in enumerate(asked)
            if number
        ]

    start = len(initial_allocations(PROBLEM)) + 1
    assert max(changes(InsightRulesSearcher())[start:]) == 2
    assert max(changes(InsightRulesSearcher(insight_3=False))[start:]) == 1


def test_contract_with_three_stages() -> None:
    stages = (FIRST, SECOND, Stage("c", (SMALL, LARGE), 512, 128, 128))
    check_searcher(
        lambda: InsightRulesSearcher(init_rule="code_head"), Problem.of(Task("three", "", stages, ("score",)))
    )


def test_contract_where_small_models_are_dear() -> None:
    dear = Model("dear", 1e9, price=9.0)
    stages = (Stage("a", (dear, SMALL, LARGE), 256, 64, 64), Stage("b", (dear, SMALL, LARGE), 128, 64, 64))
    check_searcher(InsightRulesSearcher, Problem.of(Task("usd", "", stages, ("score",)), cost="usd"), trials=30)


def test_begins_with_the_initial_trials() -> None:
    initial = initial_allocations(PROBLEM, "code_head")
    told = run(InsightRulesSearcher(init_rule="code_head"), PROBLEM, len(initial))
    assert [trial.requested for trial in told] == initial


def test_nothing_repeats_and_all_is_feasible() -> None:
    told = run(InsightRulesSearcher(), PROBLEM, 150)
    assert len({trial.requested for trial in told}) == 150
    assert all(trial.state == "complete" for trial in told)


def test_everything_is_tried_once_before_anything_is_tried_again() -> None:
    problem = Problem.of(PROBLEM.task, levels=(1, 2, 8))
    told = run(InsightRulesSearcher(), problem, 2 * problem.count())
    assert len({trial.requested for trial in told[: problem.count()]}) == problem.count()
    assert len({trial.requested for trial in told[problem.count() :]}) == problem.count()


@pytest.mark.parametrize(("gained", "lost", "model"), [(0, 0, SMALL), (3, 2, SMALL), (2, 0, LARGE)])
def test_a_large_model_has_to_be_clearly_better(gained: int, lost: int, model: Model) -> None:
    # Of ten examples the large model gains some and loses others.
    def score(allocation: Allocation) -> tuple[float, ...]:
        large = allocation.stages[0].model == LARGE.name
        return (float(large),) * gained + (float(not large),) * lost + (0.0,) * (10 - gained - lost)

    initial = initial_allocations(PROBLEM)
    told = run(InsightRulesSearcher(), PROBLEM, len(initial) + 1, score)
    start = told[-1].requested
    assert start is not None
    assert start.stages[1].model == SMALL.name
    assert start.stages[0].model == model.name
    assert all(choice.samples == 1 for choice in start.stages)


def test_finds_a_peak_of_the_sample_count() -> None:
    problem = Problem.of(Task("one", "", (FIRST,), ("score",)), budget=200)
    told = run(
        InsightRulesSearcher(),
        problem,
        20,
        lambda a: (1 - abs(a.stages[0].samples - 20) / 100 if a.stages[0].model == SMALL.name else 0.0,),
    )
    assert Allocation.of((SMALL.name, 20)) in [trial.requested for trial in told]


def test_beats_random_search_on_average() -> None:
    def best(searcher: Searcher, seed: int = 0) -> float:
        return max(trial.score or 0.0 for trial in run(searcher, PROBLEM, 30, seed=seed))

    assert best(InsightRulesSearcher()) > np.mean([best(RandomSearcher(), seed) for seed in range(8)])
