"""The formulas, against plain counting."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landscapes import toy_stage

from agenttts_env.simulation.chances import fidelity, fused_chances, plurality, right_chance
from agenttts_env.simulation.landscape import RIGHT, SCATTERED, SHARED


def counted(right: float, shared: float, samples: int) -> list[float]:
    """Chances of the picked candidate's outcome: every way in which the samples can come out."""
    chances = {RIGHT: right, SHARED: shared, SCATTERED: 1 - right - shared}
    found = [0.0, 0.0, 0.0]
    for outcomes in product(chances, repeat=samples):
        chance = math.prod(chances[outcome] for outcome in outcomes)
        # Every scattered answer is a group of its own.
        groups = [(outcomes.count(kind), kind) for kind in (RIGHT, SHARED) if kind in outcomes]
        groups += [(1, SCATTERED)] * outcomes.count(SCATTERED)
        largest = [kind for size, kind in groups if size == max(groups)[0]]
        for kind in largest:
            found[kind] += chance / len(largest)
    return found


@given(right=st.floats(0, 1), share=st.floats(0, 1))
def test_plurality_is_what_counting_says(right: float, share: float) -> None:
    shared = (1 - right) * share
    chances = plurality(np.array([right]), np.array([shared]), 6)
    for samples in range(1, 7):
        assert chances[samples - 1, 0] == pytest.approx(counted(right, shared, samples), abs=1e-12)


@given(right=st.floats(0, 1), share=st.floats(0, 1), weight=st.floats(0, 1))
def test_fused_chances_are_chances_and_lie_between_one_sample_and_the_plurality(
    right: float, share: float, weight: float
) -> None:
    shared = (1 - right) * share
    sides = np.array([right]), np.array([shared])
    fused = fused_chances(*sides, np.full(100, weight))
    assert fused.sum(axis=2) == pytest.approx(1)
    assert (fused > -1e-12).all()
    single, plural = np.array([1 - right - shared, shared, right]), plurality(*sides, 100)
    assert (fused <= np.maximum(plural, single) + 1e-12).all()
    assert (fused >= np.minimum(plural, single) - 1e-12).all()


def test_one_or_two_candidates_are_no_better_than_one() -> None:
    chances = plurality(np.array([0.3]), np.array([0.2]), 2)
    assert chances[0, 0] == pytest.approx([0.5, 0.2, 0.3])
    assert chances[1, 0] == pytest.approx([0.5, 0.2, 0.3])


def test_fidelity_is_one_for_one_sample_half_at_its_capacity_and_falls_faster_for_small_models() -> None:
    spec = toy_stage("read")
    assert fidelity(spec, 0, [1, 31]) == pytest.approx([1, 0.5])
    assert fidelity(spec, 1, [1, 91]) == pytest.approx([1, 0.5])
    assert (fidelity(spec, 0, range(2, 101)) < fidelity(spec, 1, range(2, 101))).all()
    assert (fidelity(spec, 0, range(1, 101), fused_by_model=False) == 1).all()


def test_a_right_sample_is_likelier_with_skill_ease_and_good_input() -> None:
    spec, easy, hard = toy_stage("plan", reliance=(2.0, 1.0)), np.array([-1.0]), np.array([1.0])
    small, large = right_chance(spec, 0, RIGHT, easy), right_chance(spec, 1, RIGHT, easy)
    assert right_chance(spec, 0, RIGHT, hard) < small < large
    assert small == pytest.approx(1 / (1 + math.exp(-(0.2 + 2.0))))
    levels = [right_chance(spec, 0, upstream, easy)[0] for upstream in (SCATTERED, SHARED, RIGHT)]
    assert levels == sorted(levels)
    odds = [math.log(p / (1 - p)) for p in levels]
    assert odds[2] - odds[0] == pytest.approx(2.0)
    assert odds[2] - odds[1] == pytest.approx(0.8)


def test_temperature_divides_the_log_odds() -> None:
    spec, difficulty = toy_stage("read"), np.array([-1.0, 0.0, 1.0])
    cold, warm = (right_chance(spec, 0, RIGHT, difficulty, t) for t in (0.45, 0.9))
    assert np.log(cold / (1 - cold)) == pytest.approx(2 * np.log(warm / (1 - warm)))
    assert right_chance(spec, 0, RIGHT, difficulty, 0).tolist() == [1, 1, 0]
