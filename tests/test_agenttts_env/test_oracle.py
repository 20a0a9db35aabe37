"""Expected scores of all allocations: by brute force, against drawn data, and their uncertainty."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import toy_landscape

from agenttts_env.allocation import Allocation
from agenttts_env.cost import COSTS
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.landscape import RIGHT, Landscape
from agenttts_env.simulation.population import Population
from agenttts_env.stage import Fusion, Stage
from agenttts_env.surface import ROUNDING
from agenttts_env.task import Task

SMALL, LARGE = Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0)
LEVELS = (1, 3, 10)
COARSE = {"nodes": 9, "inner_nodes": 33}
FINE = {"nodes": 17, "inner_nodes": 129}


def toy_task(
    stages: int = 3, *, models: tuple[Model, ...] = (SMALL, LARGE), temperature: float = 0.9, fusion: Fusion = "llm"
) -> Task:
    names = ("read", "plan", "write")[-stages:]
    specs = tuple(Stage(name, models, 256, 64, 8, temperature, fusion) for name in names)
    return Task("toy", "", specs, ("quality", "reading") if stages == 3 else ("quality",))


def toy(stages: int = 3) -> Landscape:
    """The last stages of the made-up landscape."""
    whole = toy_landscape()
    metrics = {name: metric for name, metric in whole.metrics.items() if stages == 3 or name == "quality"}
    return Landscape("toy", whole.stages[-stages:], metrics)


chances = st.floats(0, 1)


@st.composite
def landscapes(draw: st.DrawFn) -> Landscape:
    """Two stages of two models with any parameters, extreme ones included."""
    stages = []
    for stage in toy(2).stages:
        low, high = sorted(draw(st.tuples(*[st.floats(-6, 6)] * 2)))
        less, more = sorted(draw(st.tuples(*[st.floats(0.5, 500)] * 2)))
        weak, strong = sorted(draw(st.tuples(*[st.floats(0, 6)] * 2)))
        stages.append(
            replace(
                stage, skills=(low, high), capacity=(less, more), reliance=(strong, weak), half_loss=draw(chances),
                spread=draw(st.floats(0.1, 8)), common=draw(st.floats(0, 0.9)), trap=draw(chances),
                trap_share=draw(chances),
            )
        )  # fmt: skip
    return replace(toy(2), stages=tuple(stages))


@settings(max_examples=25)
@given(landscape=landscapes(), share=chances, cost=st.sampled_from(sorted(COSTS)))
def test_the_oracle_is_that_of_brute_force(landscape: Landscape, share: float, cost: str) -> None:
    task = toy_task(2)
    room = Problem.of(task, cost=cost, budget=1e30, levels=LEVELS)
    budget = room.cheapest_cost + share * (room.dearest_cost - room.cheapest_cost)
    problem = Problem.of(task, cost=cost, budget=budget, levels=LEVELS)
    oracle = Oracle(problem, landscape, **COARSE)
    single, metric = Population(landscape, **COARSE), landscape.metrics["quality"]
    scores = {
        Allocation.of((("small", "large")[a], s), (("small", "large")[b], t)): single.expected(metric, ((a, s), (b, t)))
        for a, s, b, t in product(range(2), LEVELS, range(2), LEVELS)
    }
    for allocation, score in scores.items():
        assert oracle.value(allocation).score == pytest.approx(score, abs=1e-14)
    feasible = {a: score for a, score in scores.items() if problem.is_feasible(a)}
    assert int(oracle.within.sum()) == problem.count() == len(feasible)
    best, top = oracle.best(), max(feasible.values())
    assert problem.is_feasible(best.allocation)
    assert best.score == pytest.approx(top, abs=2 * ROUNDING)
    equals = [problem.cost_of(a) for a, score in feasible.items() if score > top - ROUNDING / 2]
    assert best.cost <= min(equals) * (1 + 1e-9) if min(equals) > 0 else best.cost <= min(equals) + 1e-9
    front = oracle.pareto()
    assert all(a.cost < b.cost and a.score < b.score for a, b in pairwise(front))
    for allocation, score in feasible.items():  # everything that can be had is matched by something on the front
        paid = [v.score for v in front if v.cost <= problem.cost_of(allocation) + 1e-9 * abs(v.cost)]
        assert max(paid) >= score - 2 * ROUNDING


@pytest.mark.parametrize(("temperature", "fusion"), [(0.9, "llm"), (0.5, "vote")])
def test_a_large_data_set_has_the_oracles_scores(temperature: float, fusion: Fusion) -> None:
    size, landscape, task = 20_000, toy(2), toy_task(2, temperature=temperature, fusion=fusion)
    oracle = Oracle(Problem.of(task, budget=150.0, levels=(1, 2, 7, 30)), landscape, **FINE)
    data = Dataset(
        landscape, seed=5, examples=size, temperatures=(temperature,) * 2, fused_by_model=(fusion == "llm",) * 2
    )
    fused = cache(data.fused)
    for allocation in (
        Allocation.of(("small", 1), ("small", 1)),
        Allocation.of(("large", 7), ("small", 30)),
        oracle.best().allocation,
    ):
        outcome = np.full(size, RIGHT)
        for stage, (model, samples) in enumerate(oracle.choices(allocation)):
            outcome = fused(stage, model)[outcome, np.arange(size), samples - 1]
        values = np.array(landscape.metrics["quality"].values)[outcome]
        valued = oracle.value(allocation)
        assert valued.score == pytest.approx(values.mean(), abs=4 * valued.standard_error(size))
        assert valued.deviation == pytest.approx(values.std(), rel=0.05)


def test_the_numerical_error_is_measured() -> None:
    problem = Problem.of(toy_task(2), budget=1e6, levels=LEVELS)
    fine, coarse = Oracle(problem, toy(2), **FINE), Oracle(problem, toy(2), nodes=9, inner_nodes=17)
    assert fine.error < 1e-6
    actual = float(np.abs(coarse.scores - fine.scores).max())
    assert actual > 1e-5
    assert coarse.error == pytest.approx(actual, rel=0.01)
    greedy = Problem.of(toy_task(2, temperature=0.0), budget=1e6, levels=LEVELS)
    assert Oracle(greedy, toy(2), **FINE).error > 1e-5  # a step is no smooth function


@pytest.mark.parametrize("cost", sorted(COSTS))
def test_costs_are_the_problems(cost: str) -> None:
    budget = 2 * Problem.of(toy_task(), cost=cost, budget=1e30).cheapest_cost
    problem = Problem.of(toy_task(), cost=cost, budget=budget, levels=LEVELS)
    result = Oracle(problem, toy(), **COARSE)
    assert result.best().cost == problem.cost_of(result.best().allocation) <= budget * (1 + 1e-9)
    for allocation in (valued.allocation for valued in result.pareto()):
        assert result.costs[tuple(problem.encode(allocation))] == pytest.approx(problem.cost_of(allocation), rel=1e-12)


def test_only_the_models_on_offer_are_looked_at() -> None:
    everything = Oracle(Problem.of(toy_task(2), budget=1e6, levels=LEVELS), toy(2), **COARSE)
    large = Oracle(Problem.of(toy_task(2, models=(LARGE,)), budget=1e6, levels=LEVELS), toy(2), **COARSE)
    assert large.scores.shape == (1, 3, 1, 3)
    assert large.models == [[1], [1]]
    assert np.array_equal(large.scores, everything.scores[1:, :, 1:, :])


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Problem.of(toy_task(2), levels=(1, 101)), "at most 100 samples, but the levels go to 101"),
        (Problem.of(toy_task(3), levels=LEVELS), r"has the stages \['plan', 'write'\], but task 'toy'"),
        (Problem.of(toy_task(2, models=(Model("other", 1e9), LARGE)), levels=LEVELS), "but got 'other'"),
        (
            Problem.of(replace(toy_task(2), metrics=("beauty",)), levels=LEVELS),
            "must be the landscape's, 'quality', but is 'beauty'",
        ),
    ],
)
def test_what_is_not_simulated_is_refused(problem: Problem, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Oracle(problem, toy(2))


def test_an_answer_is_kept_for_its_parameters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path))
    problem = Problem.of(toy_task(2), budget=20.0, levels=LEVELS)
    result = Oracle(problem, toy(2), **COARSE).result()
    json.dumps(result.to_json())

    def count() -> int:
        return len(list((tmp_path / "oracle").iterdir()))

    assert count() == 1
    told = replace(toy(2), provenance={"source": "another"}, published_budgets=(7.0,))  # decides nothing
    again = Oracle(problem, told, **COARSE)
    assert again.result() == result
    assert "scores" not in vars(again)
    assert count() == 1
    other = replace(toy(2), stages=tuple(replace(stage, trap=0.6) for stage in toy(2).stages))
    assert Oracle(problem, other, **COARSE).result().best.score != result.best.score
    warm = Problem.of(toy_task(2, temperature=1.5), budget=20.0, levels=LEVELS)
    assert Oracle(warm, toy(2), **COARSE).result().best.score != result.best.score
    Oracle(problem, toy(2), nodes=11, inner_nodes=33).result()
    assert count() == 4


def test_all_of_three_stages_are_evaluated() -> None:
    oracle = Oracle(Problem.of(toy_task(), budget=1000.0), toy())
    assert oracle.scores.shape == (2, 100, 2, 100, 2, 100)
    assert int(oracle.within.sum()) == oracle.problem.count()
    best = oracle.best()
    within = [
        oracle.scores[tuple(oracle.problem.encode(oracle.problem.sample(np.random.default_rng(seed))))]
        for seed in range(50)
    ]
    assert best.score >= max(within)
