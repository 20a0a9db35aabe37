from __future__ import annotations

import numpy as np
import pytest
from comparisons import LOSSES
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agenttts_env.experiments.statistics import Resamples, probability_of_improvement


def test_by_hand() -> None:
    losses = np.array([[[1.0, 2.0], [2.0, 3.0]], [[5.0, 5.0], [1.0, 9.0]]])
    found = probability_of_improvement(losses, Resamples.of(2, 2))
    np.testing.assert_allclose(found.value, [[0.5, (3.5 / 4 + 0.5) / 2], [1 - (3.5 / 4 + 0.5) / 2, 0.5]])


def test_rliables_numbers() -> None:
    # rliable 1.2.0: probability_of_improvement of the negative losses.
    found = probability_of_improvement(LOSSES, Resamples.of(3, 8))
    assert found.value[0, 1] == pytest.approx(0.5338541666666666, rel=1e-14)


@settings(max_examples=25)
@given(seed=st.integers(0, 999))
def test_scipys_mann_whitney_statistic_and_symmetry(seed: int) -> None:
    losses = np.random.default_rng(seed).integers(0, 5, (2, 3, 6)).astype(float)
    resamples = Resamples.of(2, 6, count=50)
    found = probability_of_improvement(losses, resamples)
    statistics = [stats.mannwhitneyu(-losses[t, 0], -losses[t, 2]).statistic / 36 for t in (0, 1)]
    assert found.value[0, 2] == pytest.approx(np.mean(statistics))
    np.testing.assert_allclose(found.value + found.value.T, 1)
    np.testing.assert_allclose(found.low + found.high.T, 1)
    pair = probability_of_improvement(losses[:, [0, 2]], resamples)
    assert (pair.low[0, 1], pair.high[0, 1]) == (found.low[0, 2], found.high[0, 2])
    assert (found.low <= found.value).all()


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(2)
    resamples, covered = Resamples.of(3, 10, count=400), 0
    truth = stats.norm.cdf(0.5 / np.sqrt(2))
    for _ in range(1000):
        losses = rng.standard_normal((3, 2, 10))
        losses[:, 1] += 0.5
        found = probability_of_improvement(losses, resamples)
        covered += found.low[0, 1] <= truth <= found.high[0, 1]
    assert 920 <= covered <= 980
