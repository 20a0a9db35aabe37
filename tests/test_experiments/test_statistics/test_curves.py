from __future__ import annotations

import numpy as np
import pytest
from comparisons import random_comparison, reference_of
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import anytime, anytime_regret, area_under, normalised_regret

VALUES = np.array([[5.0, 3.0, 4.0], [8.0, 6.0, 1.0]])
SPENT = np.array([[1.0, 2.0, 4.0], [3.0, 3.0, 10.0]])


def test_steps_by_hand() -> None:
    curves = anytime(VALUES, SPENT, [0.5, 1, 1.5, 2, 3, 4, 100], 9.0)
    np.testing.assert_array_equal(curves[0], [9, 5, 5, 3, 3, 4, 4])
    np.testing.assert_array_equal(curves[1], [9, 9, 9, 9, 6, 6, 1])  # trial 1 cost nothing


def test_area_by_hand() -> None:
    curves = anytime(VALUES, SPENT, [1, 2, 3, 4], [9.0, 7.0])
    np.testing.assert_allclose(area_under(curves), [(5 + 3 + 3 + 4) / 4, (7 + 7 + 6 + 6) / 4])


@settings(max_examples=25)
@given(seed=st.integers(0, 99), points=st.integers(1, 30))
def test_a_curve_is_what_a_loop_finds(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    spent = np.cumsum(rng.integers(0, 3, (2, 3, 5)), axis=-1).astype(float)
    values, grid = rng.random((2, 3, 5)), np.unique(rng.integers(0, 12, points)).astype(float)
    curves = anytime(values, spent, grid, -1.0)
    for run in np.ndindex(2, 3):
        for point, x in enumerate(grid):
            paid = [value for value, paid in zip(values[run], spent[run], strict=True) if paid <= x]
            assert curves[run][point] == (paid[-1] if paid else -1.0)


def test_along_trials_the_area_is_the_mean_regret() -> None:
    comparison = random_comparison(trials=7)
    reference = reference_of(comparison)
    regret = normalised_regret(comparison, reference)
    curves = anytime_regret(comparison, reference, "trials", np.arange(1, 8) / 7)
    np.testing.assert_array_equal(curves, regret)
    np.testing.assert_allclose(area_under(curves), regret.mean(axis=-1))


def test_the_unit_is_what_random_search_spends() -> None:
    comparison = random_comparison()
    reference = reference_of(comparison)
    regret = normalised_regret(comparison, reference)
    total = comparison.spent("tokens")
    unit = total[:, 0, :, -1].mean(axis=1)
    curves = anytime_regret(comparison, reference, "tokens", [1e-9, 0.5, 1.0, 1e9])
    np.testing.assert_allclose(curves[..., 0], np.broadcast_to(1 / reference.scale[:, None, None], (3, 3, 4)))
    np.testing.assert_array_equal(curves[..., 3], regret[..., -1])
    paid = int((total[1, 2, 3] <= 0.5 * unit[1]).sum())
    assert 0 < paid < comparison.trials
    assert curves[1, 2, 3, 1] == regret[1, 2, 3, paid - 1]


def test_the_searchers_own_tokens_delay_its_curve_and_no_other() -> None:
    comparison = random_comparison(seeds=20)
    reference = reference_of(comparison)
    grid = np.arange(1, 101) / 100
    tokens, total = (anytime_regret(comparison, reference, axis, grid) for axis in ("tokens", "total_tokens"))
    np.testing.assert_array_equal(tokens[:, 0], total[:, 0])  # random search has no inference of its own
    assert (area_under(total[:, 2]) > area_under(tokens[:, 2])).mean() > 0.8


def test_what_is_wrong_is_named() -> None:
    comparison = random_comparison()
    reference = reference_of(comparison)
    for grid in ([], [2.0, 1.0], [[1.0]], [1.0, 1.0]):
        with pytest.raises(InvalidInputError, match="a grid must ascend"):
            anytime(VALUES, SPENT, grid, 0.0)
    with pytest.raises(InvalidInputError, match="an axis must be one of"):
        anytime_regret(comparison, reference, "time", [1.0])
    free = random_comparison()
    free.spending["free"] = np.zeros_like(free.search_scores)  # type: ignore[index]
    with pytest.raises(InvalidInputError, match="must spend something along 'free'"):
        anytime_regret(free, reference_of(free), "free", [1.0])
