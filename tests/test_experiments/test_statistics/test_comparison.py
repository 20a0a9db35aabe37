from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from comparisons import random_comparison

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import Cell, Comparison

nan = np.nan


def cell(task: str, searcher: str, seed: int, *scores: float) -> Cell:
    search = np.array(scores or (nan, 0.25, nan, 0.125))
    return Cell(task, searcher, seed, search, np.fmax.accumulate(search) / 2, {"tokens": np.full(len(search), 10.0)})


def cells() -> list[Cell]:
    return [cell(task, searcher, seed) for task in "ab" for searcher in ("random", "tpe") for seed in (7, 3, 5)]


def test_cells_become_arrays() -> None:
    some = cells()
    some[1] = cell("a", "random", 3, 0.5, 0.25, 0.75, nan)
    comparison = Comparison.of(reversed(some))
    assert comparison.tasks == ("b", "a")
    assert comparison.searchers == ("tpe", "random")
    assert comparison.seeds == (3, 5, 7)
    assert comparison.trials == 4
    np.testing.assert_array_equal(comparison.search_scores[1, 1, 0], [0.5, 0.25, 0.75, nan])
    np.testing.assert_array_equal(comparison.incumbent_scores[1, 1, 0], [0.5, 0.5, 0.75, 0.75])
    np.testing.assert_array_equal(comparison.achieved[1, 1, 0], [0.25, 0.25, 0.375, 0.375])
    np.testing.assert_array_equal(comparison.achieved[0, 0, 0], [0.0, 0.125, 0.125, 0.125])
    np.testing.assert_array_equal(comparison.incumbent_scores[0, 0, 0], [nan, 0.25, 0.25, 0.25])


def test_spending_adds_up() -> None:
    comparison = Comparison.of(cells())
    assert comparison.axes == ("trials", "tokens")
    np.testing.assert_array_equal(comparison.spent("trials")[1, 0, 2], [1, 2, 3, 4])
    np.testing.assert_array_equal(comparison.spent("tokens")[1, 0, 2], [10, 20, 30, 40])
    with pytest.raises(InvalidInputError, match="one of trials, tokens, but got 'dollars'"):
        comparison.spent("dollars")


def test_missing_and_surplus_cells_are_errors() -> None:
    with pytest.raises(InvalidInputError, match=r"1 of 12 are missing: \('b', 'tpe', 5\)"):
        Comparison.of(cells()[:-1])
    with pytest.raises(InvalidInputError, match=r"6 of 12 are missing: .*, …"):
        Comparison.of([*cells()[:5], cells()[-1]])
    with pytest.raises(InvalidInputError, match=r"\('a', 'random', 7\) is there twice"):
        Comparison.of([*cells(), cell("a", "random", 7)])
    with pytest.raises(InvalidInputError, match="got none"):
        Comparison.of([])


def test_cells_must_have_the_same_trials_and_axes() -> None:
    shorter = [*cells()[:-1], cell("b", "tpe", 5, 0.5)]
    with pytest.raises(InvalidInputError, match=r"4 and \['tokens'\], but \('b', 'tpe', 5\) has 1"):
        Comparison.of(shorter)
    other = [*cells()[:-1], replace(cell("b", "tpe", 5), spending={"dollars": np.ones(4)})]
    with pytest.raises(InvalidInputError, match=r"has 4 and \['dollars'\]"):
        Comparison.of(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: {"tasks": ("task 0",) * 3}, "needs tasks that differ"),
        (lambda c: {"searchers": ()}, "needs searchers that differ, at least one"),
        (lambda c: {"seeds": (1, 2)}, r"`search_scores` must have the shape \(3, 3, 2, 6\), but has \(3, 3, 4, 6\)"),
        (lambda c: {"test_scores": c.test_scores[..., :5]}, "`test_scores` must have the shape"),
        (lambda c: {"search_scores": c.search_scores[..., :0]}, "needs trials"),
        (lambda c: {"search_scores": np.array(0.5)}, "needs trials"),
        (lambda c: {"search_scores": np.where(np.isnan(c.search_scores), np.inf, 0.5)}, "some are infinite"),
        (lambda c: {"test_scores": np.full_like(c.test_scores, nan)}, "must be NaN before .* but is nan in task 'task"),
        (lambda c: {"test_scores": np.full_like(c.test_scores, 0.5)}, "must be NaN before .* but is 0.5 in task"),
        (lambda c: {"spending": {"tokens": -c.spending["tokens"]}}, "'tokens' is not so"),
        (lambda c: {"spending": {"tokens": c.spending["tokens"] * nan}}, "'tokens' is not so"),
        (lambda c: {"spending": {"trials": c.spending["tokens"]}}, "'trials' is not so"),
    ],
)
def test_what_is_wrong_is_named(change: Callable[..., object], message: str) -> None:
    comparison = random_comparison()
    with pytest.raises(InvalidInputError, match=message):
        replace(comparison, **change(comparison))


def test_arrays_are_copies_that_cannot_be_written_to() -> None:
    scores = np.full((1, 1, 1, 2), 0.5)
    comparison = Comparison(("a",), ("random",), (0,), scores, scores, {"tokens": scores})
    scores[:] = 0.1
    assert comparison.search_scores.min() == 0.5
    for array in (comparison.search_scores, comparison.test_scores, comparison.spending["tokens"]):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_part() -> None:
    whole = random_comparison()
    part = whole.only(tasks=["task 2", "task 0"], searchers=["agent"], seeds=[1, 2])
    assert (part.tasks, part.searchers, part.seeds) == (("task 2", "task 0"), ("agent",), (1, 2))
    np.testing.assert_array_equal(part.test_scores[0, 0], whole.test_scores[2, 2, 1:3])
    np.testing.assert_array_equal(part.spending["tokens"][1, 0], whole.spending["tokens"][0, 2, 1:3])
    np.testing.assert_array_equal(whole.only().search_scores, whole.search_scores)
    with pytest.raises(InvalidInputError, match=r"but got \['gp'\]"):
        whole.only(searchers=["tpe", "gp"])
    with pytest.raises(InvalidInputError, match="must be one of random, tpe, agent, but got 'gp'"):
        whole.position("gp")
