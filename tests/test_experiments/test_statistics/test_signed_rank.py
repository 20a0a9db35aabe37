from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agenttts_env.experiments.statistics import signed_rank


def test_by_hand() -> None:
    found = signed_rank(np.array([[1.0, -2.0, 3.0, 4.0]]))
    assert found.effect == (8 - 2) / 10
    assert found.p_value == 2 * 3 / 16  # no sign, one, or two: the sums 0, 1 and 2 of the negative ranks


@given(seed=st.integers(0, 999), seeds=st.integers(1, 25))
def test_on_one_task_it_is_scipys_exact_test(seed: int, seeds: int) -> None:
    differences = np.random.default_rng(seed).standard_normal(seeds) + 0.3
    assert signed_rank(differences[None]).p_value == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue)


@settings(max_examples=25)
@given(seed=st.integers(0, 999))
def test_it_is_what_all_flips_of_signs_give(seed: int) -> None:
    """Ties, zeros and two tasks included."""
    differences = np.random.default_rng(seed).integers(-3, 4, (2, 4)).astype(float)

    def statistic(values: np.ndarray) -> float:
        ranks = [stats.rankdata(np.abs(task[task != 0])) * np.sign(task[task != 0]) for task in values]
        return float(np.concatenate(ranks).sum())

    observed = abs(statistic(differences))
    flips = [np.reshape(signs, (2, 4)) for signs in product([-1, 1], repeat=8)]
    expected = np.mean([abs(statistic(signs * differences)) >= observed for signs in flips])
    assert signed_rank(differences).p_value == pytest.approx(expected)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), scale=st.floats(0.01, 100))
def test_invariances(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    differences = rng.standard_normal((3, 6)).round(1) + 0.2
    found = signed_rank(differences)
    turned = signed_rank(-differences)
    assert turned.effect == -found.effect
    assert turned.p_value == found.p_value
    # A task counts by its pairs, not by its scale.
    scaled = differences * np.array([scale, 1.0, 1.0])[:, None]
    assert signed_rank(scaled).p_value == pytest.approx(found.p_value)
    assert signed_rank(rng.permuted(differences[::-1], axis=1)) == found


def test_without_differences_there_is_none() -> None:
    found = signed_rank(np.full((2, 5), 1e-15))
    assert (found.effect, found.p_value) == (0, 1)


@pytest.mark.parametrize("tasks", [1, 6])
def test_false_positives(tasks: int) -> None:
    """Two searchers that are alike, long-tailed noise that a seed shares, and runs that end at the same allocation."""
    rng = np.random.default_rng(tasks)
    count, seeds = 2000, 10
    shared = rng.lognormal(sigma=1.5, size=(count, tasks, 1, seeds))
    own = rng.lognormal(sigma=1.0, size=(count, tasks, 2, seeds))
    losses = shared * np.where(rng.random((count, tasks, 1, seeds)) < 0.2, own[:, :, :1], own)
    p_values = np.array([signed_rank(first - second).p_value for first, second in np.moveaxis(losses, 2, 1)[:, :2]])
    for level in (0.05, 0.2):
        # The test is exact, so never above its level but for the chance of this check; and it wastes little of it.
        rate, error = (p_values <= level).mean(), (level * (1 - level) / count) ** 0.5
        assert level - 0.015 - 3 * error <= rate <= level + 3 * error


def test_common_random_numbers_tell_what_independent_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    shared = 3 * rng.standard_normal((6, 20))
    first, second = shared + 0.1 * rng.standard_normal((6, 20)), shared + 0.1 + 0.1 * rng.standard_normal((6, 20))
    assert signed_rank(second - first).p_value < 1e-6
    assert signed_rank(second - rng.permuted(first, axis=1)).p_value > 0.01
