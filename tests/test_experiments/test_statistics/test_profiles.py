from __future__ import annotations

import numpy as np
from comparisons import LOSSES

from agenttts_env.experiments.statistics import Resamples, performance_profile


def test_by_hand() -> None:
    losses = np.array([[[1.0, 2.0], [0.0, 0.0]], [[2.0, 3.0], [5.0, 6.0]]])
    found = performance_profile(losses, [0, 1, 2, 3, 10], Resamples.of(2, 2))
    np.testing.assert_array_equal(found.value, [[0, 0.25, 0.75, 1, 1], [0.5, 0.5, 0.5, 0.5, 1]])


def test_rliables_numbers() -> None:
    # rliable 1.2.0: run_score_deviation of the negative losses, which is strict; no loss equals a threshold.
    found = performance_profile(LOSSES, [3.0, 1.5, 0.75, 0.3], Resamples.of(3, 8))
    np.testing.assert_allclose(found.value[0], [11 / 12, 3 / 4, 11 / 24, 1 / 8])
    np.testing.assert_allclose(found.value[1], [7 / 8, 17 / 24, 5 / 12, 1 / 6])


def test_bands_cover_the_truth_and_rise() -> None:
    losses = np.random.default_rng(5).random((4, 1000, 10))  # uniform: the profile is the diagonal
    thresholds = np.array([0.25, 0.5, 0.75])
    found = performance_profile(losses, thresholds, Resamples.of(4, 10, count=500))
    covered = ((found.low - 1e-12 <= thresholds) & (thresholds <= found.high + 1e-12)).mean(axis=0)
    # Shares of 40 runs come in steps, and so does coverage.
    assert ((covered >= 0.92) & (covered <= 0.98)).all()
    for band in (found.value, found.low, found.high):
        assert (np.diff(band, axis=1) >= 0).all()
