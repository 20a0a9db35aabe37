from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.baselines.rl.evaluation import evaluate_per_query, evaluate_search, evaluate_stagewise
from agenttts_env.baselines.rl.policy import RandomPolicy
from agenttts_env.errors import InvalidInputError
from agenttts_env.stagewise import ExactSolution

STAGEWISE = "AgentTTS/CWQ-Stagewise-v0"
OPTIONS: dict[str, Any] = {"examples": 10, "data_seeds": [10_000, 10_001], "levels": [1, 2, 5, 10]}


class Exact:
    """The policy that knows: it reads the stage from the observation, and is told the budgets."""

    def __init__(self, envs: Any, budgets: np.ndarray[Any, Any]) -> None:
        self.exact, self.budgets, self.actions = ExactSolution(envs.oracle), budgets, envs.single_action_space.n

    def start(self, count: int) -> None:
        """Nothing is remembered."""

    def probabilities(self, observations: Any, masks: Any, memory: Any) -> Any:
        chosen = self.exact.act(self.budgets, observations[:, :2].argmax(axis=1))
        return [np.eye(self.actions)[chosen]], None


def test_the_exact_solution_has_no_regret_among_what_is_on_offer() -> None:
    envs: Any = gym.make_vec(STAGEWISE, 1, vectorization_mode="vector_entry_point", **OPTIONS)
    budgets = np.repeat(envs.budget_range.draw(np.linspace(0, 1, 6)), 2)
    found = evaluate_stagewise(Exact(envs, budgets), STAGEWISE, OPTIONS, budgets=6, repeats=2)
    np.testing.assert_allclose(found.expected, found.offered, atol=1e-12)
    assert (found.best >= found.offered).all()
    assert 0 <= found.relative_regret < 0.05  # all of it is that of the levels
    assert found.problem.cost_of(found.allocation(5)) <= found.budgets[5]
    chance = evaluate_stagewise(RandomPolicy(envs.single_action_space), STAGEWISE, OPTIONS, budgets=6, repeats=2)
    assert chance.relative_regret > found.relative_regret
    np.testing.assert_array_equal(chance.budgets, found.budgets)


def test_questions_cost_and_score_the_same_at_every_price_for_who_does_not_look() -> None:
    env = "AgentTTS/CWQ-PerQuery-v0"
    options = {"examples": 20, "data_seeds": [10_000]}
    envs = gym.make_vec(env, 1, vectorization_mode="vector_entry_point", **options)
    low, high = evaluate_per_query(RandomPolicy(envs.single_action_space), env, options, prices=[0, 1], questions=20)
    assert (low.price, high.price) == (0, 1)
    assert (low.score, low.cost, low.questions) == (high.score, high.cost, 20)
    assert 0 <= low.score <= 1
    assert low.cost > 0
    assert low.standard_error > 0


def test_incumbents_of_a_search() -> None:
    found = evaluate_search(RandomSearcher, "cwq", data_seeds=range(3), trials=12, examples=400)
    assert found.expected.shape == (3, 12)
    assert (found.expected > 0).all()
    assert found.expected.max() <= found.best
    assert found.expected[:, -1].mean() > found.expected[:, 0].mean()
    assert 0 < found.relative_regret < 1
    with pytest.raises(InvalidInputError, match="`data_seeds` must name a seed, but got none"):
        evaluate_search(RandomSearcher, "cwq", data_seeds=())
