from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.experiments.statistics import Cell
from agenttts_env.trial import Trial


def test_a_cell_follows_the_incumbent(trials: list[Trial]) -> None:
    asked = []

    def truth(allocation: Allocation) -> float:
        asked.append(allocation)
        return 0.1 * allocation.stages[0].samples

    cell = Cell.of("toy", "random", 3, trials, truth)
    assert (cell.task, cell.searcher, cell.seed) == ("toy", "random", 3)
    nan = np.nan
    np.testing.assert_array_equal(cell.search_scores, [0.25, nan, 0.75, nan, 0.5, 0.75])
    # Trial 5 repeats the best score at the same cost: the earlier one stays.
    np.testing.assert_allclose(cell.test_scores, [0.1, 0.1, 0.5, 0.5, 0.5, 0.5])
    assert asked == [trials[0].allocation, trials[2].allocation]


def test_a_cheaper_trial_with_the_same_score_is_the_incumbent(trials: list[Trial]) -> None:
    cheaper = replace(trials[0], score=trials[2].score, number=6)
    cell = Cell.of("toy", "random", 0, [*trials, cheaper], lambda allocation: 0.1 * allocation.stages[0].samples)
    assert cell.test_scores[-1] == pytest.approx(0.1)


def test_spending_counts_failures_and_the_searchers_own_inference(trials: list[Trial]) -> None:
    cell = Cell.of("toy", "random", 0, trials, lambda allocation: 0.5)
    complete = np.array([1, 0, 1, 0, 1, 1])
    np.testing.assert_allclose(cell.spending["tokens"], 1200 * complete)
    np.testing.assert_allclose(cell.spending["total_tokens"], 1260 * complete)
    np.testing.assert_allclose(cell.spending["total_flops"], 1.1e12 * complete)
    np.testing.assert_allclose(cell.spending["total_dollars"], 0.5 * complete)


def test_there_is_no_incumbent_before_the_first_completed_trial(trials: list[Trial]) -> None:
    cell = Cell.of("toy", "random", 0, [trials[1], trials[3], trials[0]], lambda allocation: 0.5)
    np.testing.assert_array_equal(cell.test_scores, [np.nan, np.nan, 0.5])
