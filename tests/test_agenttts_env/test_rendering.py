"""Searches as text and as pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.errors import MissingExtraError
from agenttts_env.problem import Problem
from agenttts_env.rendering import frame, shown_trials, text
from agenttts_env.task import Task
from agenttts_env.trial import Trial

CHEAP = Allocation.of(("small", 1), ("small", 1))
DEAR = Allocation.of(("large", 100), ("large", 100))


@pytest.fixture
def problem(toy_task: Task) -> Problem:
    return Problem.of(toy_task)


def trials(problem: Problem, count: int) -> list[Trial]:
    """Every kind of trial; the best is number 1."""
    cheap = problem.cost_of(CHEAP)
    kinds = (
        Trial(0, DEAR, None, "infeasible", cost=problem.cost_of(DEAR), reason="over budget"),
        Trial(1, CHEAP, CHEAP, "complete", cheap, 0.75, 0.05),
        Trial(2, CHEAP, None, "failed", cost=cheap, reason="no engine"),
        Trial(3, None, None, "failed", reason="garbage"),
    )
    more = (Trial(number, CHEAP, CHEAP, "complete", cheap, 0.5, 0.05) for number in range(4, count))
    return [*kinds, *more][:count]


def test_text_shows_every_kind_of_trial_and_marks_the_best(problem: Problem) -> None:
    lines = text(problem, trials(problem, 5), "live").splitlines()
    assert "toy" in lines[0]
    assert "live" in lines[0]
    assert f"{problem.budget:.6g} units" in lines[0]
    assert [line.split()[0] for line in lines[2:7]] == ["0", "*1", "2", "3", "4"]
    assert "infeasible" in lines[2]
    assert "0.750 ± 0.050  complete" in lines[3]
    assert "small x1 + small x1" in lines[3]
    assert "(none named)" in lines[5]
    assert "\x1b" not in "".join(lines)


def test_text_keeps_the_best_when_it_is_long_ago(problem: Problem) -> None:
    shown = shown_trials(trials(problem, 40), 10)
    assert [trial.number for trial in shown] == [1, *range(30, 40)]
    assert "*1 " in text(problem, trials(problem, 40), "live")


def test_a_backend_that_is_not_live_is_labelled(problem: Problem) -> None:
    assert "SIMULATED" in text(problem, [], "simulated")
    assert "no trial is complete yet" in text(problem, [], "simulated")


@pytest.mark.parametrize("count", [0, 1, 4, 40])
def test_a_frame_is_a_deterministic_picture(problem: Problem, count: int) -> None:
    picture = frame(problem, trials(problem, count), "live")
    assert picture.shape == (480, 1100, 3)
    assert picture.dtype == np.uint8
    assert (picture == frame(problem, trials(problem, count), "live")).all()


def test_a_frame_shows_the_trials(problem: Problem) -> None:
    pictures = [frame(problem, trials(problem, count), "live") for count in (0, 2, 5)]
    changed = [(a != b).any(axis=2).mean() for a, b in pairwise(pictures)]
    assert min(changed) > 0.01
    assert (frame(problem, [], "live") != frame(problem, [], "simulated")).any()


def test_a_budget_without_room_can_be_drawn(toy_task: Task) -> None:
    cheapest = Problem.of(toy_task, budget=Problem.of(toy_task).cheapest_cost)
    frame(cheapest, trials(cheapest, 2), "live")
    assert "100%" in text(cheapest, trials(cheapest, 2), "live")


def test_a_missing_matplotlib_names_the_pip_command(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'agenttts-env\[plot\]'"):
        frame(problem, [], "live")


def test_the_environment_renders(toy: Callable) -> None:  # type: ignore[type-arg]
    for mode, kind in (("ansi", str), ("rgb_array", np.ndarray)):
        env = toy(render_mode=mode, trials=2).env
        env.reset()
        env.step(env.problem.encode(CHEAP))
        assert isinstance(env.render(), kind)
