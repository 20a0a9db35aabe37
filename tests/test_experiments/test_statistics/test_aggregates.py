from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from comparisons import LOSSES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import Interval, Resamples, interquartile_mean, mean

Summary = Callable[[np.ndarray, Resamples], Interval]


def test_by_hand() -> None:
    losses = np.array([[[1.0, 100.0, 3.0, 4.0]], [[5.0, 6.0, 7.0, -50.0]]])
    resamples = Resamples.of(2, 4)
    assert interquartile_mean(losses, resamples).value == [4.5]  # of 3, 4, 5, 6
    assert mean(losses, resamples).value == [76 / 8]


def test_rliables_numbers() -> None:
    # rliable 1.2.0: aggregate_iqm.
    found = interquartile_mean(LOSSES, Resamples.of(3, 8))
    np.testing.assert_allclose(found.value, [0.8476666666666667, 0.9814999999999999], rtol=1e-14)
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 999), tasks=st.integers(1, 4), seeds=st.integers(2, 9))
def test_scipys_trimmed_mean(seed: int, tasks: int, seeds: int) -> None:
    losses = np.random.default_rng(seed).standard_normal((tasks, 2, seeds)).round(1)
    resamples = Resamples.of(tasks, seeds, count=3)
    found = interquartile_mean(losses, resamples)
    np.testing.assert_allclose(found.value, [stats.trim_mean(losses[:, k].ravel(), 0.25) for k in (0, 1)], atol=1e-12)
    drawn = resamples.weights.astype(int).reshape(3, -1)
    replicas = [stats.trim_mean(np.repeat(losses[:, 0].ravel(), weights), 0.25) for weights in drawn]
    np.testing.assert_allclose([found.low[0], found.high[0]], [min(replicas), max(replicas)], atol=1e-12)


def test_a_curve_is_point_by_point() -> None:
    curves = np.random.default_rng(0).random((2, 3, 5, 4))
    resamples = Resamples.of(2, 5, count=50)
    found = interquartile_mean(curves, resamples)
    assert found.value.shape == (3, 4)
    for point in range(4):
        alone = interquartile_mean(curves[..., point], resamples)
        np.testing.assert_array_equal(found.value[:, point], alone.value)
        np.testing.assert_array_equal(found.high[:, point], alone.high)


@settings(max_examples=25)
@given(seed=st.integers(0, 999), scale=st.floats(0.1, 10), shift=st.floats(-5, 5))
def test_invariances(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    losses = rng.standard_normal((2, 3, 5))
    resamples = Resamples.of(2, 5, count=40)
    for summary in (interquartile_mean, mean):
        found = summary(losses, resamples)
        alone = summary(losses[:, 1:2], resamples)
        for end in ("value", "low", "high"):
            assert getattr(alone, end)[0] == pytest.approx(getattr(found, end)[1], abs=1e-12)
        seeds = rng.permutation(5)
        np.testing.assert_allclose(summary(losses[:, :, seeds], resamples).value, found.value, atol=1e-12)
        moved = summary(scale * losses + shift, resamples)
        np.testing.assert_allclose(moved.low, scale * found.low + shift, atol=1e-9)


def long_tails(tasks: int, comparisons: int, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """Log-normal losses of tasks with different heights and spreads, a tenth of them exactly 0."""
    height, spread = np.linspace(-2, 0.5, tasks), np.linspace(0.4, 1.2, tasks)
    drawn = rng.standard_normal((tasks, comparisons, seeds)) * spread[:, None, None] + height[:, None, None]
    return np.exp(drawn) * (rng.random(drawn.shape) > 0.1)


def differences(tasks: int, comparisons: int, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """Of paired runs: a third are exactly 0, the others have tails."""
    spread = np.linspace(0.4, 1.2, tasks)[:, None, None]
    drawn = 0.3 + spread * rng.standard_t(5, (tasks, comparisons, seeds))
    return drawn * (rng.random(drawn.shape) > 1 / 3)


def trimmed(losses: np.ndarray) -> float:
    return float(stats.trim_mean(losses.ravel(), 0.25))


@pytest.mark.parametrize(("tasks", "seeds"), [(6, 5), (6, 10), (6, 20), (1, 20)])
@pytest.mark.parametrize(
    ("summary", "draw", "truth"), [(interquartile_mean, long_tails, trimmed), (mean, differences, np.mean)]
)
def test_intervals_cover_the_truth(
    summary: Summary, draw: Callable[..., np.ndarray], truth: Callable[..., float], tasks: int, seeds: int
) -> None:
    """Nominal 95%, over 1,000 comparisons."""
    rng = np.random.default_rng([tasks, seeds])
    expected = truth(draw(tasks, 1, 200_000, rng))
    found = summary(draw(tasks, 1000, seeds, rng), Resamples.of(tasks, seeds, count=500, seed=seeds))
    assert 0.92 <= ((found.low <= expected) & (expected <= found.high)).mean() <= 0.98


def test_runs_without_a_value_are_left_out() -> None:
    values = np.array([[[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]])
    found = mean(values, Resamples.of(1, 3))
    assert found.value[0] == 2
    assert np.isnan(found.value[1])


def test_what_is_wrong_is_named() -> None:
    resamples = Resamples.of(1, 2)
    with pytest.raises(InvalidInputError, match="losses must be finite, but 1 are not"):
        interquartile_mean([[[1.0, np.nan]]], resamples)
    with pytest.raises(InvalidInputError, match=r"losses must have the shape .*, but have \(2,\)"):
        interquartile_mean([1.0, 2.0], resamples)
    with pytest.raises(InvalidInputError, match=r"values must have the shape"):
        mean([1.0, 2.0], resamples)
