"""Masks against brute force over all completions."""

from __future__ import annotations

from functools import cache

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems
from simulations import SMALL, toy_problem, toy_task

from agenttts_env.allocation import StageAllocation
from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.stagewise import StagewiseEnv, StagewiseRules
from agenttts_env.tasks import get_entry


@cache
def env_of(task: str) -> StagewiseEnv:
    env = gym.make(f"AgentTTS/{get_entry(task).gym_name}-Stagewise-v0").unwrapped
    assert isinstance(env, StagewiseEnv)
    return env


def allowed_by_brute_force(problem: Problem, spent: float, stage: int, budget: float) -> list[bool]:
    """For every model and level of a stage whether any of all completions fits, each summed as an allocation is."""
    fine = []
    for cost in problem.cost_tables[stage].ravel().tolist():
        totals = np.array([spent + cost])
        for later in problem.cost_tables[stage + 1 :]:
            totals = np.add.outer(totals, later.ravel()).ravel()
        fine.append(bool((totals <= with_slack(budget)).any()))
    return fine


@pytest.mark.parametrize("task", landscape_names())
@given(data=st.data())
def test_masks_leave_exactly_what_can_be_completed(task: str, data: st.DataObject) -> None:
    env = env_of(task)
    problem, rules = env.problem, env.rules
    if data.draw(st.booleans(), label="the budget is an allocation's cost"):
        actions = data.draw(st.tuples(*(st.integers(0, table.size - 1) for table in problem.cost_tables)))
        budget = problem.cost_of(rules.allocation(actions))
    else:
        budget = problem.cheapest_cost + data.draw(st.floats(0, 1)) ** 3 * 1.1 * problem.dearest_cost
    env.reset(options={"budget": budget})
    spent, done = 0.0, False
    while not done:
        stage, masks = env.stage, env.action_masks()
        expected = allowed_by_brute_force(problem, spent, stage, budget)
        assert masks[: len(expected)].tolist() == expected
        assert not masks[len(expected) :].any()  # models that the stage lacks
        choices = np.flatnonzero(masks).tolist()
        action = choices[data.draw(st.integers(0, len(choices) - 1))]
        spent += rules.costs[stage, action]
        _, _, done, _, info = env.step(action)
    assert env.allocation is not None
    assert info["cost"] == problem.cost_of(env.allocation) <= with_slack(budget)
    assert env.action_masks().all()


@given(problem=problems(), data=st.data())
def test_any_problem_can_be_completed_from_any_allowed_state(problem: Problem, data: st.DataObject) -> None:
    rules, budgets = StagewiseRules(problem), np.array([problem.budget])
    spent, taken = np.zeros(1), []
    for stage in range(rules.stages):
        allowed = np.flatnonzero(rules.allowed(stage, spent, budgets)[:, 0]).tolist()
        taken.append(data.draw(st.sampled_from(allowed)))
        spent = spent + rules.costs[stage, taken[-1]]
    allocation = rules.allocation(taken)
    assert problem.is_feasible(allocation)
    assert problem.cost_of(allocation) == spent[0]
    assert problem.decode(rules.multi_discrete(np.array(taken)[:, None])[0]) == allocation


@given(problem=problems(), data=st.data())
def test_the_nearest_action_has_no_larger_model_and_no_more_samples(problem: Problem, data: st.DataObject) -> None:
    rules, levels = StagewiseRules(problem), len(problem.levels)
    spent, lanes = np.zeros(6), np.arange(6)
    spread = data.draw(st.lists(st.floats(0, 1), min_size=6, max_size=6))
    budgets = problem.cheapest_cost + np.array(spread) ** 2 * (problem.dearest_cost - problem.cheapest_cost)
    for stage in range(rules.stages):
        allowed = rules.allowed(stage, spent, budgets)
        asked = np.array(data.draw(st.lists(st.integers(0, rules.actions - 1), min_size=6, max_size=6)))
        nearest = rules.nearest(np.full(6, stage), asked, allowed)
        for lane in lanes:
            fine = np.flatnonzero(allowed[:, lane]).tolist()
            model, level = divmod(int(asked[lane]), levels)
            below = [
                divmod(action, levels) for action in fine if action // levels <= model and action % levels <= level
            ]
            if asked[lane] in fine:
                assert nearest[lane] == asked[lane]
            elif below:
                assert divmod(int(nearest[lane]), levels) == max(below)
            else:
                assert nearest[lane] in fine
                assert rules.costs[stage, nearest[lane]] == rules.costs[stage, fine].min()
        spent = spent + rules.costs[stage, nearest]


def test_the_nearest_action_by_hand() -> None:
    rules = StagewiseRules(toy_problem(levels=(1, 4, 50)))
    assert rules.actions == 6

    def nearest(asked: int, *allowed: int) -> int:
        mask = np.isin(np.arange(6), allowed)[:, None]
        return int(rules.nearest(np.zeros(1, dtype=int), np.array([asked]), mask)[0])

    assert nearest(4, 0, 4) == 4  # allowed
    assert nearest(5, 0, 1, 2, 3, 4) == 4  # the same model with fewer samples
    assert nearest(4, 0, 1, 2) == 1  # the smaller model with as many
    assert nearest(4, 0, 2) == 0  # or fewer, but not more
    assert nearest(0, 2, 3, 5) == min((2, 3, 5), key=rules.costs[0].item)  # the cheapest


def test_actions_and_choices_are_each_others_inverses() -> None:
    rules = StagewiseRules(toy_problem(levels=(1, 4, 50), task=toy_task(models=[SMALL])))  # stage 1 lacks a model
    assert (rules.actions, rules.models, rules.levels) == (6, 2, 3)
    for stage, count in enumerate((6, 3, 6)):
        for action in range(count):
            assert rules.encode(stage, rules.decode(stage, action)) == action
        with pytest.raises(InvalidInputError, match=rf"must lie in \[0, {count}\), but got {count}"):
            rules.decode(stage, count)
    assert rules.decode(0, 5) == StageAllocation("large", 50)
    with pytest.raises(InvalidInputError, match=r"one of the levels \(1, 4, 50\), but stage 'read' got 5"):
        rules.encode(0, StageAllocation("small", 5))
    with pytest.raises(InvalidInputError, match="stage 'plan' offers the models small, but got 'large'"):
        rules.encode(1, StageAllocation("large", 1))
