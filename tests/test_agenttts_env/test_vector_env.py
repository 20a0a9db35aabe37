"""The vector environment beside as many single ones, step for step and bit for bit."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st
from same import assert_same
from simulations import LARGE, toy_env, toy_problem, toy_task, toy_vector_env

from agenttts_env.env import REWARDS
from agenttts_env.errors import InfeasibleError, InvalidInputError
from agenttts_env.problem import Problem
from agenttts_env.vector_env import VECTOR_REWARDS, AllocationVectorEnv

BUDGETS, SEEDS = (300.0, 2500.0, 2500.0, 9000.0), (3, 0, 3, 1)


def pair(
    problems: Sequence[Problem] | None = None,
    seeds: Sequence[int] = SEEDS,
    *,
    mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    **options: Any,
) -> tuple[AllocationVectorEnv, SyncVectorEnv]:
    """The same searches twice: in arrays, and one after the other."""
    problems = problems or [toy_problem(budget) for budget in BUDGETS]
    singles = [
        lambda problem=problem, seed=seed: toy_env(problem, seed=seed, **options)
        for problem, seed in zip(problems, seeds, strict=True)
    ]
    return (
        toy_vector_env(problems, seeds, autoreset_mode=mode, **options),
        SyncVectorEnv(singles, autoreset_mode=mode),
    )


def walk(ours: VectorEnv, theirs: VectorEnv, steps: int, *, seed: int = 0) -> dict[str, int]:
    """Take the same random steps in both, and say how often what happened."""
    assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))
    theirs.action_space.seed(seed)
    seen = {"feasible": 0, "infeasible": 0, "projected": 0, "ends": 0}
    for _ in range(steps):
        actions = theirs.action_space.sample()
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        infos = two[4]
        if "feasible" in infos:
            seen["feasible"] += int(infos["feasible"].sum())
            seen["infeasible"] += int((infos["_feasible"] & ~infos["feasible"]).sum())
            seen["projected"] += int(infos["projected"].sum())
        seen["ends"] += int(two[2].sum())
    return seen


@pytest.mark.parametrize("name", ["2WikiMultiHopQA", "ChatDev"])  # two and three stages
def test_it_equals_single_environments_over_ten_thousand_steps(name: str) -> None:
    base = gym.make(f"AgentTTS/{name}-v0").unwrapped
    room = base.problem.dearest_cost - base.problem.cheapest_cost
    budgets = [base.problem.cheapest_cost + share * room for share in (0.02, 0.1, 0.1, 0.3, 0.9, 0.5, 0.4, 0.2)]
    seeds = [0, 1, 1, 5, 0, 2**63, 7, 0]
    ours = gym.make_vec(
        f"AgentTTS/{name}-v0", num_envs=8, vectorization_mode="vector_entry_point", budget=budgets, data_seed=seeds
    )
    assert isinstance(ours, AllocationVectorEnv)
    theirs = SyncVectorEnv(
        [
            lambda budget=budget, seed=seed: gym.make(f"AgentTTS/{name}-v0", budget=budget, data_seed=seed)
            for budget, seed in zip(budgets, seeds, strict=True)
        ]
    )
    seen = walk(ours, theirs, 1250)
    assert seen["ends"] == 8 * (1250 // 51)
    assert min(seen["feasible"], seen["infeasible"]) > 1000


def test_gymnasiums_two_ways_to_make_one_agree() -> None:
    options = {"num_envs": 3, "budget": 700.0, "data_seed": 4, "reward": "best", "penalty": 0.5, "trials": 4}
    ours, theirs = (
        gym.make_vec("AgentTTS/TaskBench-v0", vectorization_mode=mode, **options)
        for mode in ("vector_entry_point", "sync")
    )
    assert ours.single_action_space == theirs.single_action_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.action_space == theirs.action_space
    assert ours.observation_space == theirs.observation_space
    assert walk(ours, theirs, 40)["ends"] == 3 * 8
    assert gym.make_vec("AgentTTS/TaskBench-v0", num_envs=2).metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
@pytest.mark.parametrize("reward", sorted(REWARDS))
def test_every_reward_and_what_is_over_budget(reward: str, infeasible: str) -> None:
    seen = walk(*pair(reward=reward, infeasible=infeasible, penalty=0.25, trials=7), 100)
    assert seen["ends"] > 0
    assert min(seen["feasible"], seen["infeasible" if infeasible == "penalise" else "projected"]) > 50


def test_the_rewards_are_the_single_environments() -> None:
    assert VECTOR_REWARDS.keys() == REWARDS.keys()


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_autoreset_is_gymnasiums(mode: AutoresetMode) -> None:
    ours, theirs = pair(mode=mode, trials=3)
    assert ours.metadata["autoreset_mode"] is mode
    assert AllocationVectorEnv.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert walk(ours, theirs, 3)["ends"] == 4
    if mode is AutoresetMode.DISABLED:
        with pytest.raises(gym.error.ResetNeeded):
            ours.step(ours.action_space.sample())
    else:
        assert walk(ours, theirs, 30)["ends"] == 4 * (30 // (4 if mode is AutoresetMode.NEXT_STEP else 3))


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_some_are_reset_at_other_times(mode: AutoresetMode) -> None:
    """A mask puts the episodes out of step, so that some end while others go on."""
    ours, theirs = pair(mode=mode, trials=4)
    walk(ours, theirs, 2)
    for mask in [[True, False, True, False], [False, False, True, False], *[None] * 20]:
        if mask is not None:
            options = {"reset_mask": np.array(mask)}
            assert_same(ours.reset(seed=[1, None, 2, 3], options=options.copy()), theirs.reset(options=options))
        actions = theirs.action_space.sample()
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        if mode is AutoresetMode.DISABLED and two[2].any():
            options = {"reset_mask": two[2]}
            assert_same(ours.reset(options=options.copy()), theirs.reset(options=options))


@pytest.mark.parametrize("examples", [1, 50, 64, 65, 100])
def test_any_number_of_examples(examples: int) -> None:
    assert walk(*pair(examples=examples, trials=30), 60)["feasible"] > 50


@settings(max_examples=25)
@given(
    levels=st.sets(st.integers(1, 100), min_size=1, max_size=6),
    large_only=st.booleans(),
    seeds=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4),
    examples=st.integers(1, 130),
    share=st.floats(0, 1),
    infeasible=st.sampled_from(["penalise", "project"]),
)
def test_some_levels_and_some_models(
    levels: set[int], large_only: bool, seeds: list[int], examples: int, share: float, infeasible: str
) -> None:
    task = toy_task(models=[LARGE]) if large_only else toy_task()
    whole = toy_problem(1e9, levels=sorted(levels), task=task)
    budget = whole.cheapest_cost + share * (whole.dearest_cost - whole.cheapest_cost)
    problems = [toy_problem(budget + extra, levels=sorted(levels), task=task) for extra in range(len(seeds))]
    walk(*pair(problems, seeds, examples=examples, infeasible=infeasible, trials=4), 8)


def test_what_is_over_budget_raises_before_anything_happens() -> None:
    ours, theirs = pair(infeasible="raise")
    cheapest, dearest = np.zeros((4, 6), dtype=np.int64), np.tile(ours.single_action_space.nvec - 1, (4, 1))
    ours.reset(), theirs.reset()
    mixed = np.where(np.arange(4)[:, None] == 2, dearest, cheapest)
    with pytest.raises(InfeasibleError, match=r"sub-environment 2: large x100 \+ .* over the budget of 2500"):
        ours.step(mixed)
    assert_same(ours.step(cheapest), theirs.step(cheapest))


def test_a_rollout_is_deterministic_and_what_it_gave_stays() -> None:
    ours = toy_vector_env([toy_problem(budget) for budget in BUDGETS], SEEDS, trials=5)
    ours.action_space.seed(1)
    actions = [ours.action_space.sample() for _ in range(12)]

    def rollout(env: AllocationVectorEnv) -> list[Any]:
        return [env.reset(), *(env.step(batch) for batch in actions)]

    first = rollout(ours)
    before = pickle.dumps(first)
    assert_same(tuple(rollout(ours)), tuple(first))
    assert pickle.dumps(first) == before  # no later step wrote into it
    twin = pickle.loads(pickle.dumps(ours))
    ours.reset(), twin.reset()
    for batch in actions:
        assert_same(twin.step(batch), ours.step(batch))


def test_other_integers_are_the_same_actions() -> None:
    problems = [toy_problem()] * 2
    ours, twin = (toy_vector_env(problems, (0, 1)) for _ in range(2))
    ours.reset(), twin.reset()
    actions = ours.action_space.sample()
    assert_same(ours.step(actions), twin.step(actions.astype(np.uint8)))
    assert_same(ours.step(actions), twin.step(actions.tolist()))


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros((2, 5), dtype=np.int64), r"actions must be 2 x 6 integers below .* but got int64 of shape \(2, 5\)"),
        (np.zeros(6, dtype=np.int64), r"actions must be 2 x 6 integers"),
        (np.zeros((2, 6)), "actions must be 2 x 6 integers .* but got float64"),
        (np.zeros((2, 6), dtype=bool), "actions must be 2 x 6 integers .* but got bool"),
        (np.array([[0] * 6, [0, 0, 0, 0, 2, 0]]), r"an action must lie in .* sub-environment 1 got \[0, 0, 0, 0, 2, 0"),
        (np.array([[0, 0, -1, 0, 0, 0], [0] * 6]), "an action must lie in .* but sub-environment 0 got"),
        (np.array([[0] * 6, [0, 2**64 - 1, 0, 0, 0, 0]], dtype=np.uint64), "but sub-environment 1 got"),
    ],
)
def test_bad_actions_are_refused(actions: Any, message: str) -> None:
    env = toy_vector_env([toy_problem()] * 2, (0, 1))
    env.reset()
    with pytest.raises(InvalidInputError, match=message):
        env.step(actions)


def test_it_must_be_reset_first() -> None:
    env = toy_vector_env([toy_problem()] * 2, (0, 1))
    with pytest.raises(gym.error.ResetNeeded):
        env.step(env.action_space.sample())
    with pytest.raises(gym.error.ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False])})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": [1]}, "need a seed for each of 2 sub-environments"),
        ({"options": {"reset_mask": [True, True]}}, "`reset_mask` must be 2 booleans in an array"),
        ({"options": {"reset_mask": np.array([True])}}, "`reset_mask` must be 2 booleans in an array"),
        ({"options": {"reset_mask": np.array([1, 0])}}, "`reset_mask` must be 2 booleans in an array"),
        ({"options": {"reset_mask": np.array([False, False])}}, "`reset_mask` must name a sub-environment"),
    ],
)
def test_bad_resets_are_refused(arguments: dict[str, Any], message: str) -> None:
    env = toy_vector_env([toy_problem()] * 2, (0, 1))
    with pytest.raises(InvalidInputError, match=message):
        env.reset(**arguments)


def test_sub_environments_differ_in_budget_and_seed_only() -> None:
    problem, other = toy_problem(), toy_problem(levels=(1, 2, 3))
    one, two = (toy_env(problem, examples=n).evaluator for n in (50, 60))
    stranger = toy_env(toy_problem(task=toy_task(models=[LARGE]))).evaluator
    for problems, evaluators, message in (
        ([], [], "need a problem and an evaluator for each sub-environment, but got 0 and 0"),
        ([problem], [one, one], "but got 1 and 2"),
        ([problem, other], [one, one], "problems may differ in their budgets only"),
        ([problem, problem], [one, two], "data sets may differ in seed and split only, but got 50 and 60 examples"),
        ([problem], [stranger], "evaluators must be of the problems' task"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            AllocationVectorEnv(problems, evaluators)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 0}, "`trials` must be >= 1, but got 0"),
        ({"reward": "fame"}, "`reward` must be one of improvement, score, best, but got 'fame'"),
        ({"infeasible": "ignore"}, "`infeasible` must be one of .* but got 'ignore'"),
        ({"penalty": -1.0}, "`penalty` must be >= 0, but got -1.0"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        toy_vector_env([toy_problem()], (0,), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "live"}, r"needs backend='simulated', but .*'cwq' has 'live': use vectorization_mode='sync'"),
        ({"backend": "dreamt"}, "`backend` must be one of .* but got 'dreamt'"),
        ({"store": "s.sqlite"}, "has no option `store`: use vectorization_mode='sync'"),
        ({"render_mode": "ansi"}, "has no option `render_mode`: use vectorization_mode='sync'"),
        ({"budget": [1.0, 2.0]}, "`budget` must be one value, or one for each of 3, but got 2"),
        ({"data_seed": range(4)}, "`data_seed` must be one value, or one for each of 3, but got 4"),
        ({"budget": [1e4, 1e4, -1e4]}, "`budget` must pay at least the cheapest allocation"),
        ({"levels": (1, 101)}, "at most 100 samples"),
        ({"num_envs": 0}, "`num_envs` must be >= 1, but got 0"),
    ],
)
def test_bad_options_of_make_vec_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gym.make_vec("AgentTTS/CWQ-v0", **({"num_envs": 3, "vectorization_mode": "vector_entry_point"} | options))


def test_it_says_that_it_is_simulated() -> None:
    env = gym.make_vec("AgentTTS/CWQ-v0", num_envs=3)
    assert str(env) == "AllocationVectorEnv(AgentTTS/CWQ-v0, num_envs=3, backend=simulated)"
    assert "toy, num_envs=1, backend=simulated" in repr(toy_vector_env([toy_problem()], (0,)))
