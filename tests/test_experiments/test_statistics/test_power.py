from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import (
    detectable_difference,
    pilot_deviation,
    power,
    seeds_needed,
    signed_rank,
)
from agenttts_env.experiments.statistics.power import signed_rank_efficiency


@pytest.mark.parametrize("seeds", [7, 20, 100])
@pytest.mark.parametrize("difference", [0.2, 0.5, 1.0, 5.0])
def test_for_the_t_test_it_is_statsmodels(seeds: int, difference: float) -> None:
    expected = TTestPower().power(difference / 1.5, seeds, 0.025, alternative="larger")
    assert power(seeds, difference, 1.5, efficiency=1) == pytest.approx(expected, abs=1e-6)


def test_efficiency_reaches_from_the_sign_test_to_wilcoxons() -> None:
    assert signed_rank_efficiency(1) == pytest.approx(2 / np.pi)
    assert signed_rank_efficiency(10**6) == pytest.approx(3 / np.pi, abs=1e-5)


def test_a_textbook_number() -> None:
    # Cohen (1988): half a standard deviation, two-sided 5%, power 80% needs 34 pairs.
    assert seeds_needed(0.5, 1.0, efficiency=1) == 34
    assert seeds_needed(0.5, 1.0, tasks=6, efficiency=1) == 6
    assert seeds_needed(0.5, 1.0) == 36


@pytest.mark.parametrize(("tasks", "ratio"), [(1, 0.8), (6, 0.4), (3, 0.5)])
def test_the_test_finds_what_the_plan_promises(tasks: int, ratio: float) -> None:
    seeds = seeds_needed(ratio, 1.0, tasks=tasks)
    rng = np.random.default_rng(tasks)
    spread = np.linspace(0.5, 1.5, tasks)[:, None] if tasks > 1 else np.ones((1, 1))
    deviation = float(np.sqrt((spread**2).mean()))
    same = [signed_rank(ratio + rng.standard_normal((tasks, seeds))).p_value <= 0.05 for _ in range(600)]
    # One seed more or less is six pairs: the plan can promise a little more than it was asked for.
    assert 0.75 <= np.mean(same) <= 0.9
    uneven = [
        signed_rank(ratio * deviation + spread * rng.standard_normal((tasks, seeds))).p_value <= 0.05
        for _ in range(300)
    ]
    assert np.mean(uneven) >= 0.75


@settings(max_examples=10)
@given(
    difference=st.floats(0.1, 3), tasks=st.integers(1, 6), comparisons=st.integers(1, 50), target=st.floats(0.5, 0.99)
)
def test_the_plan_and_its_inverse(difference: float, tasks: int, comparisons: int, target: float) -> None:
    options = {"tasks": tasks, "comparisons": comparisons}
    seeds = seeds_needed(difference, 1.0, target=target, **options)
    assert power(seeds, difference, 1.0, **options) >= target
    assert seeds == 1 or power(seeds - 1, difference, 1.0, **options) < target
    least = detectable_difference(seeds, 1.0, target=target, **options)
    assert least <= difference * (1 + 1e-6)
    assert power(seeds, least, 1.0, **options) == pytest.approx(target, abs=1e-6)


def test_so_few_pairs_can_never_be_significant() -> None:
    assert power(5, 100.0, 1.0) == 0  # 2 / 2^5 is above 5%
    assert power(6, 100.0, 1.0) == pytest.approx(1)
    assert power(1, 100.0, 1.0, tasks=6) == pytest.approx(1)
    assert detectable_difference(5, 1.0) == float("inf")
    assert seeds_needed(100.0, 1.0) == 6
    assert seeds_needed(100.0, 1.0, comparisons=66) == 12


def test_scale_and_sign_do_not_matter() -> None:
    assert power(10, -3.0, 5.0) == power(10, 3.0, 5.0) == pytest.approx(power(10, 0.6, 1.0))
    assert detectable_difference(10, 5.0) == pytest.approx(5 * detectable_difference(10, 1.0))


def test_a_pilots_deviation_is_pooled_within_tasks() -> None:
    assert pilot_deviation([[1.0, 3.0], [10.0, 14.0]]) == pytest.approx(((2 + 8) / 2) ** 0.5)
    for shape in ((3,), (2, 1)):
        with pytest.raises(InvalidInputError, match="differences must have the shape"):
            pilot_deviation(np.zeros(shape))


def test_what_is_wrong_is_named() -> None:
    for options in ({"seeds": 0}, {"deviation": 0.0}, {"alpha": 1.0}, {"comparisons": 0}):
        with pytest.raises(InvalidInputError, match="power needs"):
            power(**{"seeds": 5, "difference": 1.0, "deviation": 1.0, **options})  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="at most 1,000,000 seeds, but 0"):
        seeds_needed(0.0, 1.0)
    for plan in (seeds_needed, detectable_difference):
        with pytest.raises(InvalidInputError, match="must be between 0 and 1, but got 1"):
            plan(3, 1.0, target=1.0)
