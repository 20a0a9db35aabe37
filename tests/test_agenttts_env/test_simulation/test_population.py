"""Expected scores against large data sets, and against a finer integration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from agenttts_env.simulation.dataset import Dataset
from agenttts_env.simulation.landscape import RIGHT, Landscape
from agenttts_env.simulation.population import Population

COARSE = {"nodes": 17, "inner_nodes": 65}
ALLOCATIONS = [((0, 1), (0, 1), (0, 1)), ((1, 10), (0, 30), (1, 7)), ((0, 100), (1, 2), (0, 3))]


@pytest.mark.parametrize(("temperature", "by_model"), [(0.9, True), (0.4, False)])
def test_a_large_data_set_has_the_expected_score(landscape: Landscape, temperature: float, by_model: bool) -> None:
    size, how = 8000, {"temperatures": (temperature,) * 3, "fused_by_model": (by_model,) * 3}
    data, population = Dataset(landscape, seed=11, examples=size, **how), Population(landscape, **how, **COARSE)
    fused = {(stage, model): data.fused(stage, model) for stage in range(3) for model in range(2)}
    for allocation in ALLOCATIONS:
        outcome = np.full(size, RIGHT)
        expected = population.stage_outcomes(allocation)
        for stage, ((model, samples), chances) in enumerate(zip(allocation, expected, strict=True)):
            outcome = fused[stage, model][outcome, np.arange(size), samples - 1]
            assert np.bincount(outcome, minlength=3) / size == pytest.approx(chances, abs=4 * 0.5 / size**0.5)
        metric = landscape.metrics["quality"]
        values = np.array(metric.values)[outcome]
        assert population.expected(metric, allocation) == pytest.approx(values.mean(), abs=4 * values.std() / size**0.5)


def test_the_integration_is_exact(landscape: Landscape) -> None:
    metric, fine = landscape.metrics["quality"], Population(landscape, nodes=49, inner_nodes=513)
    for allocation in ALLOCATIONS:
        expected = fine.expected(metric, allocation)
        assert Population(landscape).expected(metric, allocation) == pytest.approx(expected, abs=1e-12)
        assert Population(landscape, **COARSE).expected(metric, allocation) == pytest.approx(expected, abs=1e-5)


def test_all_scores_are_the_single_ones(landscape: Landscape) -> None:
    population = Population(landscape, **COARSE)
    scores = population.scores([(1,), (0, 1), (1, 0)], (1, 5, 100))
    assert scores.shape == (1, 3, 2, 3, 2, 3)
    metric, levels = landscape.metrics["quality"], (1, 5, 100)
    for a, b, c, d, e in product(range(3), range(2), range(3), range(2), range(3)):
        allocation = ((1, levels[a]), (b, levels[c]), (1 - d, levels[e]))
        assert scores[0, a, b, c, d, e] == pytest.approx(population.expected(metric, allocation), abs=1e-12)
