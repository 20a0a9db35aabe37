"""Masks and costs, beside a search through all ways to the end."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import problem_of, toy_questions
from simulations import toy_task

from agenttts_env.building import build_simulated
from agenttts_env.cost import get_cost, with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.per_query import DRAWS, Moves, PerQueryEnv, per_query_problem, simulated_questions
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import landscape_names


def least_to_the_end(problem: Problem, draws: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """A function of (stage, given up, model, level): what the cheapest way to the end adds to the base; and of actions.

    It tries all ways, one action after the other.
    """
    stages, levels = problem.task.stages, problem.levels

    def price(stage: int, model: int, level: int, fused: bool) -> float:
        spec = stages[stage] if fused else replace(stages[stage], fusion="vote")
        return problem.cost.stage_cost(spec, spec.models[model], levels[level])

    @cache
    def ways(stage: int, gone: frozenset[int], model: int, level: int) -> dict[int, float]:
        """By action, what the cheapest way to the end adds."""
        found = {}
        count = len(stages[stage].models)
        paid = 0.0 if model < 0 else price(stage, model, level, fused=False)
        if model >= 0:
            for action, draw in enumerate(draws):
                if level + draw < len(levels):
                    found[action] = min(ways(stage, gone, model, level + draw).values())
            rest = min(ways(stage + 1, frozenset(), -1, 0).values()) if stage + 1 < len(stages) else 0.0
            accept = len(draws) + max(len(s.models) for s in stages)
            found[accept] = price(stage, model, level, fused=True) + rest
        after = gone | {model} if model >= 0 else gone
        for other in range(count):
            if other not in after:
                found[len(draws) + other] = paid + min(ways(stage, after, other, 0).values())
        return found

    return ways


def walk(env: PerQueryEnv, seed: int, draws: tuple[int, ...]) -> int:
    """Play an episode at random and compare the mask at every step; returns how many actions were masked for money."""
    problem, moves = env.problem, env.moves
    ways = least_to_the_end(problem, draws)
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    stage, gone, model, level, base, masked = 0, frozenset[int](), -1, 0, 0.0, 0
    limit = with_slack(problem.budget)
    while True:
        mask = env.action_masks()
        expected = np.zeros(moves.actions, dtype=bool)
        for action, least in ways(stage, gone, model, level).items():
            expected[action] = base + least <= limit
            masked += base + least > limit
        assert mask.tolist() == expected.tolist()
        assert mask.any()
        action = int(rng.choice(np.flatnonzero(mask)))
        _, _, done, _, info = env.step(np.int64(action))
        spec = problem.task.stages[stage]
        unfused = replace(spec, fusion="vote")
        if action < len(draws):
            level += draws[action]
        else:
            if model >= 0:
                paid_for = spec if action == moves.accept else unfused
                base += problem.cost.stage_cost(paid_for, spec.models[model], problem.levels[level])
            if action == moves.accept:
                stage, gone, model, level = stage + 1, frozenset(), -1, 0
            else:
                gone, model, level = gone | ({model} - {-1}), action - len(draws), 0
        now = stage < len(problem.task.stages) and model >= 0
        drawn = (
            problem.cost.stage_cost(
                replace(problem.task.stages[stage], fusion="vote"),
                problem.task.stages[stage].models[model],
                problem.levels[level],
            )
            if now
            else 0.0
        )
        assert info["cost"] == pytest.approx(base + drawn, rel=1e-12)
        assert info["cost"] <= limit
        if done:
            assert env.action_masks().all()
            return masked


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1.2), few=st.booleans(), cost=st.sampled_from(["flops", "usd"]))
def test_masks_leave_exactly_what_can_be_paid_to_the_end(seed: int, share: float, few: bool, cost: str) -> None:
    levels = (1, 2, 4, 7) if few else (2, 5, 6)
    questions = toy_questions(levels=levels, examples=3)
    free = per_query_problem(questions.task, cost=cost, budget=1e30, levels=levels)
    problem = replace(free, budget=free.cheapest_cost + share * (free.dearest_cost - free.cheapest_cost) / 4)
    walk(PerQueryEnv(questions, problem, draws=(1, 2)), seed, (1, 2))


@pytest.mark.parametrize("task", landscape_names())
def test_masks_of_the_six_tasks(task: str) -> None:
    spec, landscape = build_simulated(task)
    levels = (1, 2, 3, 5, 9, 20)
    questions = simulated_questions(spec, landscape, examples=3, levels=levels)
    problem = per_query_problem(spec, levels=levels)
    env = PerQueryEnv(questions, problem, draws=(1, 3))
    masked = [walk(env, seed, (1, 3)) for seed in range(25)]
    assert sum(masked) > 25


def test_the_cheapest_budget_leaves_the_cheapest_way_only() -> None:
    questions = toy_questions()
    env = PerQueryEnv(questions, problem_of(questions, 0.0))
    env.reset(seed=0)
    taken = []
    done = False
    while not done:
        (action,) = np.flatnonzero(env.action_masks())
        taken.append(env.moves.describe(len(taken) // 2, int(action)))
        _, _, done, _, info = env.step(action)
    assert taken == ["switch to small", "accept"] * 3
    assert info["cost"] == env.problem.cheapest_cost


def test_actions_in_words() -> None:
    moves = Moves(problem_of(toy_questions()))
    assert moves.draws == DRAWS
    assert [moves.describe(0, action) for action in (0, 4, 5, 6, moves.accept)] == [
        "draw 1 level further", "draw 16 levels further", "switch to small", "switch to large", "accept",
    ]  # fmt: skip


def test_the_default_budget_leaves_something_to_decide() -> None:
    one = toy_task(models=toy_task().stages[1].models[:1]).with_stages(
        models={name: toy_task().stages[0].models[:1] for name in ("read", "write")}
    )
    problem = per_query_problem(one, levels=(1, 2, 3))
    assert problem.budget == problem.dearest_cost
    assert per_query_problem(toy_task(), levels=(1, 2, 3)).budget == pytest.approx(
        1.5 * sum(get_cost("flops").stage_cost(stage, stage.models[-1], 1) for stage in toy_task().stages)
    )


def test_what_is_refused() -> None:
    task = toy_task()
    with pytest.raises(InvalidInputError, match="a part for free, which a policy could collect by switching"):
        per_query_problem(task, cost="paper", levels=(1, 2))
    with pytest.raises(InvalidInputError, match="a part for free"):
        Moves(Problem.of(task))
    with pytest.raises(InvalidInputError, match="must pay at least the cheapest allocation"):
        per_query_problem(task, budget=1.0, levels=(1, 2))
    free = task.with_stages(models={stage.name: (Model("free", 1e9, price=0.0),) for stage in task.stages})
    with pytest.raises(InvalidInputError, match="`budget` must be > 0"):
        per_query_problem(free, cost="usd", levels=(1, 2))
    for draws in ((), (0, 1), (2, 2)):
        with pytest.raises(InvalidInputError, match="`draws` must be ascending integers >= 1"):
            Moves(per_query_problem(task, levels=(1, 2)), draws)
    crowd = task.with_stages(models={"read": tuple(Model(f"m{size}", size * 1e9) for size in range(1, 8))})
    with pytest.raises(InvalidInputError, match="a stage may have 6 models, but one of task 'toy' has 7"):
        Moves(per_query_problem(crowd, levels=(1, 2)))
