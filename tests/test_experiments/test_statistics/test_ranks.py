from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import PairedTest, Resamples, paired_tests, ranking

NAMES = ("a", "b", "c", "d")


def telling_apart_all_but(*alike: str) -> list[PairedTest]:
    """Only these pairs, such as ``ab``, are not told apart."""
    return [
        PairedTest(*pair, gain=0, low=0, high=0, effect=0, p_value=0, adjusted=0.5 if "".join(pair) in alike else 0.01)
        for pair in combinations(NAMES, 2)
    ]


LOSSES = np.array(
    [
        [[1.0, 1.0], [2.0, 3.0], [2.0, 2.0], [9.0, 4.0]],
        [[5.0, 1.0], [4.0, 2.0], [6.0, 2.0], [7.0, 3.0]],
    ]
)


def test_ranks_by_hand() -> None:
    found = ranking(LOSSES, NAMES, telling_apart_all_but())
    # a: 1, 1, 2, 1; b: 2.5, 3, 1, 2.5; c: 2.5, 2, 3, 2.5; d: 4 always.
    assert found.searchers == ("a", "b", "c", "d")
    assert found.mean_ranks == (1.25, 2.25, 2.5, 4.0)
    assert found.blocks == 4
    per_task = ranking(LOSSES, NAMES, telling_apart_all_but(), per="task")
    # Means: 1, 2.5, 2, 6.5 and 3, 3, 4, 5.
    assert per_task.searchers == ("a", "b", "c", "d")
    assert per_task.mean_ranks == (1.25, 2.25, 2.5, 4.0)
    assert per_task.blocks == 2


@pytest.mark.parametrize(
    ("alike", "groups"),
    [
        ((), ()),
        (("ab",), ((0, 1),)),
        (("ab", "bc"), ((0, 1), (1, 2))),
        (("ab", "bc", "ac"), ((0, 2),)),
        (("ab", "bc", "ac", "cd", "bd"), ((0, 2), (1, 3))),
        (("ad",), ()),  # not neighbours: others between them differ
        (("ab", "cd"), ((0, 1), (2, 3))),
        (("ab", "ac", "ad", "bc", "bd", "cd"), ((0, 3),)),
    ],
)
def test_groups(alike: tuple[str, ...], groups: tuple[tuple[int, int], ...]) -> None:
    assert ranking(LOSSES, NAMES, telling_apart_all_but(*alike)).groups == groups


def test_the_order_of_searchers_does_not_matter() -> None:
    order = [2, 0, 3, 1]
    names = tuple(NAMES[i] for i in order)
    found = ranking(LOSSES[:, order], names, telling_apart_all_but("ab"))
    assert found == ranking(LOSSES, NAMES, telling_apart_all_but("ab"))


@settings(max_examples=25)
@given(seed=st.integers(0, 999))
def test_friedman_is_scipys(seed: int) -> None:
    losses = np.random.default_rng(seed).standard_normal((3, 4, 5)).round(1)
    blocks = [losses[:, k].ravel() for k in range(4)]
    assert ranking(losses, NAMES, telling_apart_all_but()).p_value == pytest.approx(
        stats.friedmanchisquare(*blocks).pvalue
    )


def test_searchers_that_are_alike_and_two_searchers() -> None:
    assert ranking(np.zeros((2, 3, 2)), NAMES[:3], telling_apart_all_but()).p_value == 1
    assert np.isnan(ranking(LOSSES[:, :2], NAMES[:2], telling_apart_all_but()).p_value)


def test_with_real_tests() -> None:
    rng = np.random.default_rng(0)
    losses = rng.standard_normal((4, 4, 20)) + np.array([1.0, 0.0, 1.0, 3.0])[None, :, None]
    found = ranking(losses, NAMES, paired_tests(losses, NAMES, Resamples.of(4, 20, count=10)))
    assert found.searchers[0] == "b"
    assert found.searchers[3] == "d"
    assert found.groups == ((1, 2),)
    assert found.p_value < 1e-6


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(InvalidInputError, match="at least 2 searchers, but got 1"):
        ranking(LOSSES[:, :1], ("a",), [])
    with pytest.raises(InvalidInputError, match="`per` must be run or task, but got 'seed'"):
        ranking(LOSSES, NAMES, telling_apart_all_but(), per="seed")  # type: ignore[arg-type]
    some = [replace(test, first="x") if test.second == "b" else test for test in telling_apart_all_but()]
    with pytest.raises(InvalidInputError, match="the tests of all pairs, but 'b' and 'a' have none"):
        ranking(LOSSES, NAMES, some)
