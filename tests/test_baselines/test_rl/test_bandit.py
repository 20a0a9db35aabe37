from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenttts_env.baselines.rl.bandit import BudgetBandit, train_bandit
from agenttts_env.cost import fits
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.stagewise import ExactSolution
from agenttts_env.tasks import get_entry

PROBLEM = Problem.of(get_entry("cwq").build(), levels=(1, 2, 3, 5, 10, 20))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0, 1), pulled=st.integers(0, 40))
def test_the_best_arm_is_the_best_affordable_one_that_was_pulled(seed: int, share: float, pulled: int) -> None:
    bandit, rng = BudgetBandit(PROBLEM, levels=(1, 2, 5, 20)), np.random.default_rng(seed)
    arms = rng.integers(len(bandit.costs), size=pulled)
    bandit.tell(arms, rng.random(pulled))
    budget = PROBLEM.cheapest_cost + share * (PROBLEM.dearest_cost - PROBLEM.cheapest_cost)
    affordable = [arm for arm in range(len(bandit.costs)) if fits(float(bandit.costs[arm]), budget)]
    assert bandit.affordable(np.array([budget])).tolist() == [len(affordable)]
    known = [arm for arm in affordable if bandit.pulls[arm]]
    expected = max(known, key=lambda arm: bandit.means()[arm]) if known else 0
    assert bandit.best(np.array([budget])).tolist() == [expected]
    assert set(bandit.ask(np.full(50, budget)).tolist()) <= set(affordable)


def test_arms_are_the_allocations_of_the_grid_by_cost() -> None:
    bandit = BudgetBandit(PROBLEM, levels=(1, 5))
    allocations = {PROBLEM.decode(action) for action in bandit.actions}
    models = [len(stage.models) for stage in PROBLEM.task.stages]
    assert len(allocations) == len(bandit.actions) == np.prod(models) * 2 ** len(models)
    assert {choice.samples for allocation in allocations for choice in allocation.stages} == {1, 5}
    assert bandit.costs.tolist() == [PROBLEM.cost_of(PROBLEM.decode(action)) for action in bandit.actions]
    assert (np.diff(bandit.costs) >= 0).all()


def test_it_learns() -> None:
    envs: Any = gym.make_vec(
        "AgentTTS/CWQ-Stagewise-v0", 256, vectorization_mode="vector_entry_point", data_seeds=range(8)
    )
    bandit = BudgetBandit(envs.problem)
    exact, budgets = ExactSolution(envs.oracle), envs.budget_range.draw(np.linspace(0, 1, 24))

    def regret() -> float:
        return float(exact.regret(bandit.actions[bandit.best(budgets)], budgets).mean())

    untrained = regret()
    train_bandit(bandit, envs, episodes=20_000, seed=0)
    assert bandit.pulls.sum() == 20_224  # whole rounds
    assert regret() < 0.2 * untrained
    assert regret() >= 0


def test_errors() -> None:
    for arguments, message in (
        ({"epsilon": 1.5}, r"`epsilon` must lie in \[0, 1\], but got 1.5"),
        ({"prior": 0}, "`prior` must be > 0, but got 0"),
        ({"levels": (2, 5)}, "`levels` must have the lowest on offer, 1, but got"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            BudgetBandit(PROBLEM, **arguments)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="`budget` must pay at least the cheapest allocation"):
        BudgetBandit(PROBLEM).best(np.array([-1e9]))
