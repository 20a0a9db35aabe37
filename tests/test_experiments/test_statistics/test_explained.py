from __future__ import annotations

import numpy as np
import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import Interval, Resamples, explained_share

NAMES = ("random", "init-only", "agent")


def share(losses: np.ndarray, **names: str) -> Interval:
    resamples = Resamples.of(losses.shape[0], losses.shape[2])
    return explained_share(
        losses, NAMES, resamples, **{"searcher": "agent", "by": "init-only", "over": "random"} | names
    )


def test_by_hand() -> None:
    losses = np.array([[[1.0, 1.2], [0.5, 0.3], [0.2, 0.2]], [[1.0, 0.8], [0.5, 0.3], [0.2, 0.2]]])
    assert share(losses).value == pytest.approx((1 - 0.4) / (1 - 0.2))
    assert share(losses, by="agent").value == 1
    assert share(losses, by="random").value == 0


def test_the_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    resamples, covered = Resamples.of(3, 10, count=400), 0
    for _ in range(1000):
        losses = np.array([1.0, 0.4, 0.2])[None, :, None] + 0.3 * rng.standard_normal((3, 3, 10))
        found = explained_share(losses, NAMES, resamples, searcher="agent", by="init-only", over="random")
        covered += found.low <= 0.75 <= found.high
    assert 920 <= covered <= 980


def test_a_share_of_nothing_is_anything() -> None:
    losses = np.random.default_rng(0).standard_normal((3, 3, 10))
    losses[:, 2] = losses[:, 0] - 0.01 * np.random.default_rng(1).standard_normal((3, 10)) - 0.001
    found = share(losses)
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert np.isfinite(found.value)
    losses[:, 2] = losses[:, 0] + 1
    worse = share(losses)
    assert np.isnan(worse.value)
    assert (worse.low, worse.high) == (-np.inf, np.inf)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInputError, match="must be one of random, init-only, agent, but got 'tpe'"):
        share(np.zeros((1, 3, 2)), by="tpe")
