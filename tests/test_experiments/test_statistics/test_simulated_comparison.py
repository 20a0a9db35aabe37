"""From real searches on a simulated task to every statistic."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from landscapes import toy_landscape
from simulations import toy_env, toy_problem

from agenttts_env.baselines.init_only import InitOnlySearcher
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.experiments.statistics import (
    Cell,
    Comparison,
    Reference,
    Resamples,
    anytime_regret,
    interquartile_mean,
    mean,
    normalised_regret,
    paired_tests,
    ranking,
    reached,
    winners_curse,
)
from agenttts_env.oracle import Oracle
from agenttts_env.search import search

SEARCHERS = {"random": RandomSearcher, "init-only": InitOnlySearcher, "insight-rules": InsightRulesSearcher}
SEEDS, TRIALS = 20, 12


@cache
def compared() -> tuple[Comparison, Reference]:
    cells, oracles = [], {}
    for budget in (1500.0, 2500.0):
        problem = toy_problem(budget, levels=(1, 2, 4, 8, 16, 32))
        oracle = Oracle(problem, toy_landscape(), nodes=9, inner_nodes=33)
        task = f"toy at {budget:g}"
        oracles[task] = oracle.best().score
        for name, make in SEARCHERS.items():
            for seed in range(SEEDS):
                trials = search(toy_env(problem, seed=seed, trials=TRIALS), make(), seed=seed)
                cells.append(Cell.of(task, name, seed, trials, lambda asked, oracle=oracle: oracle.value(asked).score))  # type: ignore[misc]
    comparison = Comparison.of(cells)
    return comparison, Reference.of(comparison, oracles)


def test_no_run_beats_the_oracle_and_random_search_ends_at_one() -> None:
    comparison, reference = compared()
    regret = normalised_regret(comparison, reference)
    assert regret.shape == (2, 3, SEEDS, TRIALS)
    assert regret.min() >= -1e-9
    np.testing.assert_allclose(regret[:, 0, :, -1].mean(axis=1), 1)


def test_common_random_numbers_give_init_only_and_its_heir_the_same_start() -> None:
    comparison, _ = compared()
    np.testing.assert_array_equal(comparison.search_scores[:, 1, :, :3], comparison.search_scores[:, 2, :, :3])


def test_the_incumbent_looks_better_than_it_is() -> None:
    comparison, _ = compared()
    curse = mean(winners_curse(comparison)[..., -1], Resamples.of(2, SEEDS))
    assert curse.value[0] > 0


@pytest.mark.parametrize("axis", ["trials", "tokens", "total_tokens", "total_flops"])
def test_every_axis_has_curves(axis: str) -> None:
    comparison, reference = compared()
    curves = anytime_regret(comparison, reference, axis, np.linspace(0, 1, 21)[1:])
    found = interquartile_mean(curves, Resamples.of(2, SEEDS, count=50))
    assert found.value.shape == (3, 20)
    assert (found.value[:, 0] > found.value[:, -1]).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()


def test_the_tables_of_a_report() -> None:
    comparison, reference = compared()
    resamples = Resamples.of(2, SEEDS, count=100)
    losses = normalised_regret(comparison, reference)[..., -1]
    tests = paired_tests(losses, comparison.searchers, resamples)
    found = ranking(losses, comparison.searchers, tests)
    assert sorted(found.searchers) == sorted(comparison.searchers)
    near, far = (reached(comparison, reference, resamples, within=within) for within in (0.01, 0.05))
    assert (near.share <= far.share).all()
    assert (near.expected.value >= far.expected.value).all()
