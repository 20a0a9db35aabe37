from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import Resamples, holm, mean, paired_tests, signed_rank

NAMES = ("random", "init-only", "agent", "twin")


def losses() -> np.ndarray:
    """The agent is better than random search by 0.3, than init-only by 0.1; its twin is as good in the mean."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((3, 1, 10))
    own = 0.1 * rng.standard_normal((3, 4, 10))
    return shared + own + np.array([0.3, 0.1, 0.0, 0.0])[None, :, None]


def test_all_pairs() -> None:
    resamples = Resamples.of(3, 10)
    tests = {(test.first, test.second): test for test in paired_tests(losses(), NAMES, resamples)}
    assert len(tests) == 6
    test = tests["random", "agent"]
    gains = losses()[:, 2] - losses()[:, 0]
    assert test.gain == pytest.approx(gains.mean())
    assert test.gain == pytest.approx(-0.3, abs=0.06)
    assert (test.effect, test.p_value) == (signed_rank(gains).effect, signed_rank(gains).p_value)
    interval = mean(gains[:, None], resamples)
    assert (test.low, test.high) == pytest.approx((interval.low[0], interval.high[0]))
    assert test.high < 0
    assert test.p_value < test.adjusted < 0.001
    twins = tests["agent", "twin"]
    assert twins.low < 0 < twins.high
    assert twins.adjusted > 0.05


def test_against_a_control() -> None:
    tests = paired_tests(losses(), NAMES, Resamples.of(3, 10), control="init-only")
    assert [(test.first, test.second) for test in tests] == [(n, "init-only") for n in ("random", "agent", "twin")]
    random, agent, _ = tests
    assert random.gain < 0 < agent.gain
    assert agent.gain == pytest.approx(0.1, abs=0.06)
    np.testing.assert_allclose([test.adjusted for test in tests], holm([test.p_value for test in tests]))


def test_others_change_nothing_but_the_adjustment() -> None:
    resamples = Resamples.of(3, 10)
    (alone,) = paired_tests(losses()[:, [1, 2]], ("init-only", "agent"), resamples)
    (among,) = (t for t in paired_tests(losses(), NAMES, resamples) if (t.first, t.second) == ("init-only", "agent"))
    assert (alone.gain, alone.low, alone.high) == pytest.approx((among.gain, among.low, among.high))
    assert (alone.effect, alone.p_value) == (among.effect, among.p_value)
    assert alone.adjusted < among.adjusted


def test_the_chance_of_any_false_positive() -> None:
    rng = np.random.default_rng(1)
    resamples = Resamples.of(2, 10, count=10)
    draws = rng.standard_exponential((400, 2, 4, 10)) + rng.standard_normal((400, 2, 1, 10))
    wrong = [any(test.adjusted <= 0.05 for test in paired_tests(draw, NAMES, resamples)) for draw in draws]
    assert np.mean(wrong) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.9]), [1, 1])
    assert holm([]).shape == (0,)


@pytest.mark.parametrize("count", [1, 2, 5, 66])
def test_holm_is_statsmodels(count: int) -> None:
    p_values = np.random.default_rng(count).random(count).round(2) ** 3
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def test_one_searcher_has_no_pair() -> None:
    assert paired_tests(np.zeros((1, 1, 2)), ("random",), Resamples.of(1, 2)) == ()


def test_what_is_wrong_is_named() -> None:
    resamples = Resamples.of(3, 10)
    with pytest.raises(InvalidInputError, match="must be one of random, init-only, agent, twin, but got 'gp'"):
        paired_tests(losses(), NAMES, resamples, control="gp")
    with pytest.raises(InvalidInputError, match="losses must be of 3 searchers, but are of 4"):
        paired_tests(losses(), NAMES[:3], resamples)
