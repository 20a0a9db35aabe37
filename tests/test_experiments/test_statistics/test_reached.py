from __future__ import annotations

import numpy as np
import pytest
from comparisons import random_comparison, reference_of

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import (
    Comparison,
    Interval,
    Reached,
    Reference,
    Resamples,
    reached,
    relative_reached,
)

TESTS = [
    [0.5, 0.5, 0.96, 0.96, 0.99],  # within 5% at trial 3, within 1% at trial 5
    [0.95, 0.99, 0.5, 0.5, 0.5],  # at once and at trial 2, then it leaves
    [0.5, 0.6, 0.7, 0.8, 0.94],  # never
]


def found(tests: list[list[float]], within: float, axis: str = "trials") -> Reached:
    """Of a searcher with these runs, on one task whose oracle is 1; tokens are 10, 20, 30, ... a trial."""
    test = np.array(tests)[None, None]
    tokens = np.broadcast_to(10.0 * np.arange(1, test.shape[-1] + 1), test.shape)
    comparison = Comparison(("a",), ("tpe",), tuple(range(len(tests))), test, test, {"tokens": tokens})
    low = np.full((1, test.shape[-1]), 0.1)
    reference = Reference(("a",), np.ones(1), low, {})
    return reached(comparison, reference, Resamples.of(1, len(tests)), within=within, axis=axis)


def test_by_hand() -> None:
    near, nearer = found(TESTS, 0.05), found(TESTS, 0.01)
    assert near.expected.value == (3 + 1 + 5) / 2
    assert nearer.expected.value == (5 + 2 + 5) / 2
    assert near.share == nearer.share == pytest.approx(2 / 3)
    assert near.kept == nearer.kept == pytest.approx(1 / 3)


def test_in_tokens() -> None:
    assert found(TESTS, 0.05, "tokens").expected.value == (60 + 10 + 150) / 2


def test_no_run_reaches_it() -> None:
    never = found(TESTS, 0.0)
    assert never.expected.value == never.expected.low == never.expected.high == np.inf
    assert never.share == never.kept == 0


def test_all_runs_reach_it() -> None:
    always = found(TESTS, 0.2)
    assert always.expected.value == (3 + 1 + 4) / 3
    assert always.share == 1
    assert always.kept == pytest.approx(2 / 3)
    assert 1 <= always.expected.low < always.expected.value < always.expected.high <= 4


def test_the_interval_knows_that_few_successes_may_have_been_luck() -> None:
    rare = found([[1.0, 1.0], *[[0.5, 0.5]] * 9], 0.01)
    assert rare.expected.value == 1 + 9 * 2
    assert rare.expected.low < 10
    assert rare.expected.high == np.inf


def test_it_is_the_expectation_over_restarts() -> None:
    rng = np.random.default_rng(0)
    # A run of 4 trials reaches the target in each with the chance 0.1, and then keeps it.
    tests = np.where(np.logical_or.accumulate(rng.random((20_000, 4)) < 0.1, axis=1), 1.0, 0.0)
    comparison = Comparison(("a",), ("tpe",), tuple(range(20_000)), *[tests[None, None]] * 2, {})
    reference = Reference(("a",), np.ones(1), np.zeros((1, 4)), {})
    result = reached(comparison, reference, Resamples.of(1, 20_000, count=1), within=0.01)
    assert result.expected.value[0, 0] == pytest.approx(10, rel=0.03)


def test_rounding_does_not_miss_the_target() -> None:
    assert found([[0.1 * 3 / 0.3 * 0.95, 0.5], [0.5, 0.5]], 0.05).share == 0.5


def test_others_do_not_matter() -> None:
    whole = random_comparison(seeds=6)
    part = whole.only(searchers=["random", "agent"])
    resamples = Resamples.of(3, 6, count=100)
    alone, among = (reached(c, reference_of(c), resamples, within=0.3, axis="tokens") for c in (part, whole))
    assert among.share.max() > 0
    np.testing.assert_array_equal(alone.expected.value, among.expected.value[:, [0, 2]])
    np.testing.assert_array_equal(alone.expected.high, among.expected.high[:, [0, 2]])


def test_what_is_wrong_is_named() -> None:
    for within in (-0.1, 1.0):
        with pytest.raises(InvalidInputError, match="`within` must be at least 0 and below 1"):
            found(TESTS, within)


def test_relative_times_are_geometric_means_over_the_tasks_that_both_reach() -> None:
    expected = np.array([[10.0, 20.0, np.inf], [40.0, 10.0, 4.0], [np.inf, 3.0, np.inf]])
    shares = np.zeros((3, 3))
    some = Reached(0.05, "trials", Interval(expected, expected, expected), shares, shares)
    relative = relative_reached(some, ("random", "tpe", "grid"), to="random")
    assert relative.ratio == pytest.approx([1, (2 * 0.25) ** 0.5, 0.1])
    assert relative.tasks.tolist() == [2, 2, 1]
    never = relative_reached(
        Reached(0.05, "trials", Interval(expected[2:], expected[2:], expected[2:]), shares[2:], shares[2:]),
        ("random", "tpe", "grid"),
        to="random",
    )
    assert np.isnan(never.ratio).all()
    assert not never.tasks.any()
    with pytest.raises(InvalidInputError, match="must be one of random, tpe, grid, but got 'gp'"):
        relative_reached(some, ("random", "tpe", "grid"), to="gp")
