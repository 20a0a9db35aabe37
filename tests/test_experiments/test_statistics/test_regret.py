from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from comparisons import random_comparison, reference_of
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics import (
    Comparison,
    Reference,
    normalised_regret,
    simple_regret,
    winners_curse,
)

nan = np.nan


def two_tasks() -> tuple[Comparison, Reference]:
    """Two searchers, two seeds, three trials."""
    search = np.array(
        [
            [[[0.3, 0.5, 0.4], [nan, 0.6, 0.7]], [[0.9, nan, 0.2], [nan, nan, nan]]],
            [[[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]], [[0.4, 0.4, 0.5], [0.5, 0.1, 0.1]]],
        ]
    )
    test = np.array(
        [
            [[[0.2, 0.6, 0.6], [nan, 0.5, 0.4]], [[0.7, 0.7, 0.7], [nan, nan, nan]]],
            [[[0.1, 0.1, 0.2], [0.2, 0.2, 0.2]], [[0.3, 0.3, 0.4], [0.4, 0.4, 0.4]]],
        ]
    )
    tokens = np.ones_like(search) * np.array([10.0, 40.0])[:, None, None, None]
    comparison = Comparison(("a", "b"), ("random", "agent"), (0, 1), search, test, {"tokens": tokens})
    return comparison, Reference.of(comparison, {"a": 0.75, "b": 0.4})


def test_reference_by_hand() -> None:
    _, reference = two_tasks()
    np.testing.assert_allclose(reference.random, [[0.1, 0.55, 0.5], [0.15, 0.15, 0.2]])
    np.testing.assert_allclose(reference.scale, [0.25, 0.2])
    np.testing.assert_allclose(reference.spending["tokens"], [30, 120])
    np.testing.assert_allclose(reference.spending["trials"], [3, 3])


def test_regret_by_hand() -> None:
    comparison, reference = two_tasks()
    simple = simple_regret(comparison, reference)
    np.testing.assert_allclose(simple[0, 0, 0], [0.55, 0.15, 0.15])
    np.testing.assert_allclose(simple[0, 0, 1], [0.75, 0.25, 0.35])  # nothing scores 0
    np.testing.assert_allclose(simple[0, 1, 1], [0.75, 0.75, 0.75])
    normalised = normalised_regret(comparison, reference)
    np.testing.assert_allclose(normalised[0, 0, 0], [2.2, 0.6, 0.6])
    np.testing.assert_allclose(normalised[1, 0, 0], [1.5, 1.5, 1.0])
    np.testing.assert_allclose(normalised[1, 1, 1], 0, atol=1e-12)


def test_random_search_ends_at_one() -> None:
    comparison = random_comparison(seeds=7)
    regret = normalised_regret(comparison, reference_of(comparison))
    np.testing.assert_allclose(regret[:, 0, :, -1].mean(axis=1), 1)


def test_winners_curse_by_hand() -> None:
    curse = winners_curse(two_tasks()[0])
    np.testing.assert_allclose(curse[0, 0, 1], [nan, 0.1, 0.3])
    np.testing.assert_allclose(curse[0, 1, 0], [0.2, 0.2, 0.2])
    np.testing.assert_array_equal(curse[0, 1, 1], [nan, nan, nan])


def test_the_winner_of_equals_is_cursed_by_the_maximum_of_the_noise() -> None:
    rng = np.random.default_rng(1)
    search = 0.5 + 0.01 * rng.standard_normal((1, 1, 4000, 5))
    comparison = Comparison(("a",), ("random",), tuple(range(4000)), search, np.full_like(search, 0.5), {})
    expected = [0, 0.5642, 0.8463, 1.0294, 1.1630]  # of the maximum of n standard normals
    np.testing.assert_allclose(winners_curse(comparison)[0, 0].mean(axis=0) / 0.01, expected, atol=0.06)


@settings(max_examples=25)
@given(seed=st.integers(0, 99), scale=st.floats(0.01, 1))
def test_neither_other_searchers_nor_the_scale_of_scores_matter(seed: int, scale: float) -> None:
    many = random_comparison(seed=seed)
    few = many.only(searchers=["agent", "random"])
    regret = normalised_regret(many, reference_of(many))
    np.testing.assert_array_equal(normalised_regret(few, reference_of(few)), regret[:, [2, 0]])
    scaled = replace(many, search_scores=scale * many.search_scores, test_scores=scale * many.test_scores)
    reference = Reference.of(scaled, dict.fromkeys(scaled.tasks, scale))
    np.testing.assert_allclose(normalised_regret(scaled, reference), regret, atol=1e-9)


def test_random_search_may_have_more_seeds_of_its_own() -> None:
    comparison = random_comparison(("agent",))
    reference = reference_of(random_comparison(("random",), seeds=50))
    assert normalised_regret(comparison, reference).shape == (3, 1, 4, 6)


def test_what_does_not_fit_is_named() -> None:
    comparison, reference = two_tasks()
    with pytest.raises(InvalidInputError, match="needs an oracle, but b has none"):
        Reference.of(comparison, {"a": 1.0})
    with pytest.raises(InvalidInputError, match=r"that of task 'b' is so by -0\.1"):
        Reference.of(comparison, {"a": 1.0, "b": 0.1})
    with pytest.raises(InvalidInputError, match="must be one of random, agent, but got 'luck'"):
        Reference.of(comparison, {"a": 1.0, "b": 1.0}, searcher="luck")
    with pytest.raises(InvalidInputError, match=r"one of task 'a' is so by 0\.05"):
        simple_regret(comparison, replace(reference, oracle=np.array([0.65, 0.4])))
    with pytest.raises(InvalidInputError, match="must be of the comparison's 3 trials"):
        simple_regret(comparison, replace(reference, random=reference.random[:, -2:]))
    with pytest.raises(InvalidInputError, match=r"trials on \('a',\), but is of 3 on \('a', 'b'\)"):
        simple_regret(comparison.only(tasks=["a"]), reference)
    with pytest.raises(InvalidInputError, match=r"`oracle` must have the shape \(2,\), but has \(3,\)"):
        replace(reference, oracle=np.ones(3))
