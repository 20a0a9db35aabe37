from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import Resamples, mean


def test_every_task_draws_one_seed_fewer_than_it_has() -> None:
    resamples = Resamples.of(3, 5, count=400)
    assert resamples.weights.shape == (400, 3, 5)
    np.testing.assert_array_equal(resamples.weights.sum(axis=-1), 4)
    np.testing.assert_allclose(resamples.weights.mean(axis=(0, 1)), 0.8, atol=0.1)
    assert (np.std(resamples.weights, axis=0) > 0).all()


def test_the_draws_are_a_function_of_their_seed() -> None:
    np.testing.assert_array_equal(Resamples.of(2, 3, seed=1).weights, Resamples.of(2, 3, seed=1).weights)
    assert (Resamples.of(2, 3, seed=1).weights != Resamples.of(2, 3, seed=2).weights).any()


def test_the_variance_of_a_mean_has_no_bias() -> None:
    values = np.array([[0.0, 1.0, 5.0], [2.0, 2.5, 9.0]])
    weights = Resamples.of(2, 3, count=20_000).weights
    means = (weights * values).sum(axis=(1, 2)) / 4
    assert means.var() == pytest.approx((values.var(axis=1, ddof=1) / 3).sum() / 4, rel=0.05)


def test_with_as_many_draws_as_seeds_it_is_scipys_bootstrap() -> None:
    values = np.random.default_rng(3).lognormal(size=(3, 1, 12))
    weights = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=(20_000, 3)).astype(float)
    resamples = Resamples(weights)
    found = mean(values, resamples)
    reference = stats.bootstrap(
        tuple(values[:, 0]),
        lambda *tasks, axis: sum(task.mean(axis=axis) for task in tasks) / 3,
        n_resamples=20_000,
        method="percentile",
        confidence_level=1 - 2 * resamples.tail,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert (found.low[0], found.high[0]) == pytest.approx((reference.low, reference.high), rel=0.02)


def test_the_ends_are_percentiles() -> None:
    weights = np.random.default_rng(0).permutation(np.arange(1000.0))[:, None, None] * np.ones((2, 3))
    resamples = Resamples(weights, level=0.9)
    # Student's t, four degrees of freedom: 2.1318, beyond which lie 1.65% of a normal distribution.
    assert resamples.tail == pytest.approx(0.01651, abs=1e-5)
    found = resamples.interval(lambda weights: weights[:, 1, 2])
    assert (found.value, found.low, found.high) == (1, 16, 983)


def test_infinite_replicas_are_no_accident() -> None:
    weights = np.arange(100.0)[:, None, None] * np.ones((2, 3))
    found = Resamples(weights).interval(lambda weights: np.where(weights[:, 0, 0] < 90, weights[:, 0, 0], np.inf))
    assert (found.low, found.high) == (0, np.inf)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInputError, match="at least 2 seeds, but there are 1"):
        Resamples.of(3, 1)
    for arguments in ({"tasks": 0}, {"count": 0}, {"level": 1.0}):
        with pytest.raises(InvalidInputError, match="resamples need"):
            Resamples.of(**{"tasks": 2, "seeds": 3, **arguments})  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="must be of 2 tasks and 4 seeds, but are of 2 and 3"):
        mean(np.zeros((2, 1, 4)), Resamples.of(2, 3))
