"""The exact solution against the oracle and against brute force."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import toy_landscape
from simulations import toy_problem

from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.oracle import Oracle
from agenttts_env.stagewise import LEVELS, ExactSolution, StagewiseVectorEnv, Staircase


def vector(name: str, num_envs: int = 64, **options: object) -> StagewiseVectorEnv:
    envs = gym.make_vec(f"AgentTTS/{name}-Stagewise-v0", num_envs=num_envs, **options)
    assert isinstance(envs, StagewiseVectorEnv)
    return envs


@pytest.mark.parametrize(("name", "levels"), [("2WikiMultiHopQA", None), ("2WikiMultiHopQA", 100), ("TaskBench", None)])
def test_it_is_the_oracle_at_every_budget(name: str, levels: int | None) -> None:
    solution = ExactSolution(vector(name).oracle)
    stairs = solution.offered if levels is None else solution.every
    problem, landscape = stairs.problem, solution.oracle.landscape
    assert problem.levels == (LEVELS if levels is None else tuple(range(1, levels + 1)))
    lowest = problem.cheapest_cost
    for budget in (lowest, *np.geomspace(lowest * 1.01, problem.budget * 1.2, 12), 1e9):
        best = Oracle(replace(problem, budget=budget), landscape).best()
        assert stairs.best(budget) == pytest.approx(best.score, abs=1e-12)
        assert problem.decode(stairs.allocations[stairs.at(budget)]) == best.allocation


@settings(max_examples=25)
@given(
    levels=st.sets(st.integers(1, 100), min_size=1, max_size=5),
    shares=st.lists(st.floats(0, 1.1), min_size=1, max_size=8),
    exact=st.booleans(),
)
def test_it_is_the_best_by_brute_force(levels: set[int], shares: list[float], exact: bool) -> None:
    problem = toy_problem(1e6, levels=sorted(levels))
    oracle = Oracle(problem, toy_landscape())
    solution = ExactSolution(oracle)
    costs, scores = oracle.costs.ravel(), oracle.scores.ravel()
    budgets = np.array(shares) * (problem.dearest_cost - problem.cheapest_cost) + problem.cheapest_cost
    if exact:  # the cost of an allocation pays for it
        budgets = costs[(np.minimum(np.array(shares), 1) * (len(costs) - 1)).astype(int)]
    chosen = solution.allocations(budgets)
    for budget, row, best in zip(budgets.tolist(), chosen, solution.offered.best(budgets), strict=True):
        within = costs <= with_slack(budget)
        assert best == pytest.approx(scores[within].max(), abs=1e-12)
        allocation = problem.decode(row)
        assert replace(problem, budget=budget).is_feasible(allocation)
        assert problem.cost_of(allocation) <= with_slack(costs[within & (scores >= best - 1e-12)].min())


def test_as_a_policy_it_earns_what_it_promises() -> None:
    envs = vector("HotpotQA", data_seeds=range(4), reward="expected")
    solution = ExactSolution(envs.oracle)
    assert solution.problem.levels == LEVELS
    envs.reset(seed=0)
    for _ in range(8):
        budgets, stages, masks = envs.budgets, envs.stages, envs.action_masks()
        actions = solution.act(budgets, stages)
        assert masks[np.arange(64), actions].all()
        _, rewards, terminations, _, infos = envs.step(actions)
        if terminations.any():
            assert rewards.tolist() == solution.offered.best(infos["budget"]).tolist()
            assert infos["allocation"].tolist() == solution.allocations(infos["budget"]).tolist()
            assert solution.expected(infos["allocation"]).tolist() == rewards.tolist()
            regret = solution.regret(infos["allocation"], infos["budget"])
            assert regret.min() >= 0
            assert regret.max() < 0.02  # what coarser levels cost
    single = gym.make("AgentTTS/HotpotQA-Stagewise-v0").unwrapped
    single.reset(options={"budget": 444})
    assert int(solution.act(444.0, 1)) == single.rules.encode(1, solution.allocation(444.0).stages[1])
    assert int(solution.act(444.0, 2)) == 0


def test_random_allocations_are_worse() -> None:
    envs = vector("2WikiMultiHopQA", 256)
    solution = ExactSolution(envs.oracle)
    envs.reset(seed=0)
    envs.action_space.seed(0)
    for _ in range(2):
        infos = envs.step(envs.action_space.sample())[4]
    regret = solution.regret(infos["allocation"], infos["budget"])
    assert regret.min() >= -1e-12
    assert regret.mean() > 0.05
    every = Oracle(replace(solution.problem, levels=tuple(range(1, 101))), solution.oracle.landscape)
    for row in range(0, 256, 64):
        within = every.costs <= with_slack(infos["budget"][row])
        assert regret[row] == pytest.approx(every.scores[within].max() - infos["expected"][row], abs=1e-12)


def test_with_all_levels_on_offer_nothing_is_lost() -> None:
    solution = ExactSolution(vector("CWQ", levels=range(1, 101)).oracle)
    assert solution.every is solution.offered
    budgets = np.geomspace(60, 600, 50)
    assert np.abs(solution.regret(solution.allocations(budgets), budgets)).max() == 0


def test_steps_rise_and_thousands_of_budgets_are_looked_up_at_once() -> None:
    stairs = Staircase(vector("2WikiMultiHopQA").oracle)
    assert (np.diff(stairs.costs) > 0).all()
    assert (np.diff(stairs.scores) > 0).all()
    budgets = np.geomspace(81, 2000, 300_000).reshape(3, -1)
    assert stairs.best(budgets).shape == (3, 100_000)
    with pytest.raises(InvalidInputError, match=r"pay at least the cheapest .* but got 12"):
        stairs.best([100.0, 12.0])
