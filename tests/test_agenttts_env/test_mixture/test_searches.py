"""What actions stand for, and which are allowed: beside a plain reference, and by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.allocation import Allocation
from agenttts_env.baselines import BudgetSplit
from agenttts_env.building import build_simulated
from agenttts_env.cost import get_cost
from agenttts_env.mixture import MixtureEncoding
from agenttts_env.mixture.layout import MODELS, STAGES, nvec
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import landscape_names

LEVELS = (1, 3, 12, 60)
TASKS = {name: build_simulated(name)[0] for name in landscape_names()}


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Any task, cost and budget, often one that an allocation costs exactly."""
    task, cost = TASKS[draw(st.sampled_from(sorted(TASKS)))], draw(st.sampled_from(["paper", "flops", "usd"]))
    whole = Problem(task, get_cost(cost), 1e30, LEVELS)
    if draw(st.booleans()):
        indices = [draw(st.integers(0, n - 1)) for n in whole.nvec.tolist()]
        return Problem(task, get_cost(cost), whole.cost_of(whole.decode(np.array(indices))), LEVELS)
    share = draw(st.floats(0, 1.1)) ** 3
    return Problem(
        task, get_cost(cost), whole.cheapest_cost + share * (whole.dearest_cost - whole.cheapest_cost), LEVELS
    )


def cut(problem: Problem, action: list[int]) -> Allocation:
    """What an action stands for, in plain words."""
    split, spent, choices = BudgetSplit(problem), 0.0, []
    for stage, (spec, table) in enumerate(zip(problem.task.stages, problem.cost_tables, strict=True)):
        asked, level = action[2 * stage : 2 * stage + 2]
        counts = split.fitting_levels(stage, spent)
        fitting = [model for model, count in enumerate(counts) if count]
        model = max((model for model in fitting if model <= asked), default=fitting[0])
        level = min(level, counts[model] - 1)
        choices.append((spec.models[model].name, problem.levels[level]))
        spent += float(table[model, level])
    return Allocation.of(*choices)


@given(problem=problems(), data=st.data())
@settings(max_examples=60)
def test_every_action_stands_for_a_feasible_allocation(problem: Problem, data: st.DataObject) -> None:
    action = [data.draw(st.integers(0, n - 1)) for n in nvec(len(LEVELS))]
    allocation = MixtureEncoding(problem, levels=LEVELS).decode(action)
    assert problem.is_feasible(allocation)
    assert allocation == cut(problem, action)


@given(problem=problems(), seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_a_feasible_allocation_stands_for_itself(problem: Problem, seed: int) -> None:
    encoding, allocation = MixtureEncoding(problem, levels=LEVELS), problem.sample(np.random.default_rng(seed))
    action = encoding.encode(allocation)
    assert encoding.decode(action) == allocation
    assert action[: 2 * len(problem.task.stages)].tolist() == problem.encode(allocation).tolist()
    parts = np.split(encoding.action_masks(), np.cumsum(nvec(len(LEVELS)))[:-1])
    assert all(part[entry] for part, entry in zip(parts, action.tolist(), strict=True))


@given(problem=problems())
@settings(max_examples=25, deadline=None)
def test_masks_leave_exactly_what_some_feasible_allocation_has(problem: Problem) -> None:
    found = np.zeros((STAGES, MODELS + len(LEVELS)), dtype=np.bool_)
    found[len(problem.task.stages) :, [0, MODELS]] = True  # a padded stage has one choice
    for indices in itertools.product(*map(range, problem.nvec.tolist())):
        if problem.is_feasible(problem.decode(np.array(indices))):
            for stage, (model, level) in enumerate(np.reshape(indices, (-1, 2)).tolist()):
                found[stage, [model, MODELS + level]] = True
    assert MixtureEncoding(problem, levels=LEVELS).action_masks().tolist() == found.ravel().tolist()


@pytest.mark.parametrize("levels", [(1,), (1, 2), tuple(range(1, 101))])
def test_any_number_of_levels(levels: tuple[int, ...]) -> None:
    problem = Problem.of(TASKS["chatdev"], levels=levels)
    encoding, rng = MixtureEncoding(problem, levels=levels), np.random.default_rng(0)
    for _ in range(50):
        action = rng.integers(0, nvec(len(levels)))
        assert encoding.decode(action) == cut(problem, action.tolist())
