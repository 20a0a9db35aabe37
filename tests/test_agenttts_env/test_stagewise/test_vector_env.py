"""The vector environment beside as many single ones, step for step and bit for bit."""

from __future__ import annotations

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from same import assert_same
from simulations import toy_env, toy_problem

from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.stagewise import StagewiseEnv, StagewiseVectorEnv
from agenttts_env.tasks import get_entry

NUMBER = 5


def pair(
    name: str = "2WikiMultiHopQA", mode: AutoresetMode = AutoresetMode.NEXT_STEP, **options: Any
) -> tuple[StagewiseVectorEnv, SyncVectorEnv]:
    """The same allocations twice: in arrays, and one after the other."""
    name, options = f"AgentTTS/{name}-Stagewise-v0", {"data_seeds": (4, 0, 9), **options}
    ours = gym.make_vec(name, num_envs=NUMBER, vector_kwargs=None, autoreset_mode=mode, **options)
    assert isinstance(ours, StagewiseVectorEnv)
    theirs = SyncVectorEnv([lambda: gym.make(name, **options).unwrapped for _ in range(NUMBER)], autoreset_mode=mode)
    return ours, theirs


def masks_of(theirs: SyncVectorEnv) -> np.ndarray:  # type: ignore[type-arg]
    return np.stack([env.unwrapped.action_masks() for env in theirs.envs])


def walk(ours: StagewiseVectorEnv, theirs: SyncVectorEnv, steps: int) -> int:
    """Take the same random allowed steps in both, and count the episodes that end."""
    ends = 0
    for _ in range(steps):
        assert_same(ours.action_masks(), masks_of(theirs))
        actions = ours.action_space.sample()
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        ends += int(two[2].sum())
    return ends


@pytest.mark.parametrize("task", landscape_names())
def test_it_equals_single_environments(task: str) -> None:
    ours, theirs = pair(get_entry(task).gym_name)
    assert ours.single_action_space == theirs.single_action_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.action_space == theirs.action_space
    assert ours.observation_space == theirs.observation_space
    assert_same(ours.reset(seed=2**64 - 3), theirs.reset(seed=2**64 - 3))
    stages = ours.rules.stages
    assert walk(ours, theirs, 24) == NUMBER * (24 // (stages + 1))
    assert_same(ours.reset(), theirs.reset())
    assert_same(ours.reset(seed=[8, None, 3, 3, None]), theirs.reset(seed=[8, None, 3, 3, None]))
    walk(ours, theirs, 7)


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("reward", ["score", "expected"])
def test_autoreset_is_gymnasiums(mode: AutoresetMode, reward: str) -> None:
    ours, theirs = pair(mode=mode, reward=reward)
    assert ours.metadata["autoreset_mode"] is mode
    assert StagewiseVectorEnv.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert_same(ours.reset(seed=0), theirs.reset(seed=0))
    if mode is AutoresetMode.DISABLED:
        assert walk(ours, theirs, 2) == NUMBER
        with pytest.raises(gym.error.ResetNeeded):
            ours.step(ours.action_space.sample())
    else:
        assert walk(ours, theirs, 21) == NUMBER * (21 // (3 if mode is AutoresetMode.NEXT_STEP else 2))


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_it_equals_single_environments_where_masked_actions_are_replaced(mode: AutoresetMode) -> None:
    ours, theirs = pair("TaskBench", mode, masked="replace", models={"select": ["llama-3.1-8b"]})
    rng, told, lanes = np.random.default_rng(0), 0, np.arange(NUMBER)
    _, infos = ours.reset(seed=3)
    assert_same(infos, theirs.reset(seed=3)[1])
    assert not infos["replaced"].any()
    for _ in range(60):
        masks, actions = ours.action_masks(), rng.integers(ours.rules.actions, size=NUMBER)
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        infos, done = one[4], one[2]
        replaced = infos["replaced"].copy()
        if "final_info" in infos:  # what has ended begins anew
            assert not replaced[done].any()
            replaced[done] = infos["final_info"]["replaced"][done]
        assert replaced.tolist() == (~masks[lanes, actions]).tolist()
        told += int(replaced.sum())
        if mode is AutoresetMode.DISABLED and done.any():
            assert_same(*(envs.reset(options={"reset_mask": done.copy()}) for envs in (ours, theirs)))
    assert 60 < told < 240


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_some_are_reset_at_other_times_and_with_their_own_budgets(mode: AutoresetMode) -> None:
    ours, theirs = pair("TaskBench", mode=mode)
    budgets = np.array([300.0, 1e6, 700.0, 221.0, 1500.0])
    ours.reset(seed=6), theirs.reset(seed=6)
    walk(ours, theirs, 1)
    for mask in ([True, False, True, False, False], [False, False, True, True, False], *[None] * 12):
        if mask is not None:
            seeds = [1, None, 7, 2, 9]
            one = ours.reset(seed=seeds, options={"reset_mask": np.array(mask), "budget": budgets})
            for number in np.flatnonzero(mask):  # a single environment takes one budget, not an array
                theirs.envs[number].unwrapped.episodes.fix(np.zeros(1, dtype=int), budgets[number])
            assert_same(one, theirs.reset(seed=seeds, options={"reset_mask": np.array(mask)}))
        walk(ours, theirs, 1)
        ended = np.array([env.unwrapped.allocation is not None for env in theirs.envs])
        if mode is AutoresetMode.DISABLED and ended.any():
            assert_same(*(envs.reset(options={"reset_mask": ended}) for envs in (ours, theirs)))
    assert ours.budgets[[0, 2, 3]].tolist() == [300.0, 700.0, 221.0]
    assert not {1e6, 1500.0} & set(ours.budgets.tolist())


def test_budgets_stay_through_autoresets_until_others_are_given() -> None:
    ours, _ = pair()
    ours.reset(seed=0, options={"budget": 500})
    for _ in range(7):
        *_, infos = ours.step(ours.action_space.sample())
        assert infos["budget"].tolist() == [500.0] * NUMBER
    ours.reset()
    assert ours.budgets.tolist() == [500.0] * NUMBER
    drawn = ours.reset(seed=0, options={"budget": None})[1]["budget"]
    assert drawn.tolist() == pair()[0].reset(seed=0)[1]["budget"].tolist()
    assert len(set(drawn.tolist())) == NUMBER


def test_random_allowed_allocations_are_feasible_and_infos_tell_them() -> None:
    envs = gym.make_vec("AgentTTS/ChatDev-Stagewise-v0", num_envs=256, data_seeds=range(32), budget=(70, 3000))
    envs.reset(seed=1)
    datasets: set[int] = set()
    for _ in range(12):
        _, rewards, terminations, _, infos = envs.step(envs.action_space.sample())
        datasets |= set(infos["dataset"].tolist())
        if not terminations.any():
            assert "score" not in infos
            assert not rewards.any()
            continue
        assert terminations.all()
        assert (infos["cost"] <= with_slack(1.0) * infos["budget"]).all()
        assert infos["score"].tolist() == rewards.tolist()
        for row in range(0, 256, 50):
            allocation = envs.problem.decode(infos["allocation"][row])
            assert infos["cost"][row] == envs.problem.cost_of(allocation)
            assert infos["expected"][row] == envs.oracle.scores[tuple(infos["allocation"][row])]
        assert abs((infos["score"] - infos["expected"]).mean()) < 0.02
    assert datasets == set(range(32))


def test_samples_are_uniform_over_what_is_allowed() -> None:
    envs = gym.make_vec("AgentTTS/CWQ-Stagewise-v0", num_envs=4000, budget=60.0)
    envs.reset(seed=0)
    envs.action_space.seed(0)
    allowed = np.flatnonzero(envs.action_masks()[0])
    found, counts = np.unique(envs.action_space.sample(), return_counts=True)
    assert found.tolist() == allowed.tolist()
    expected = 4000 / len(allowed)
    assert (((counts - expected) ** 2) / expected).sum() < 2 * len(allowed) + 12
    mask = tuple(np.eye(40, dtype=np.int8)[2] for _ in range(4000))
    assert set(envs.action_space.sample(mask=mask).tolist()) == {2}


def test_without_a_seed_sub_environments_differ() -> None:
    ours, twin = pair()[0], pair()[0]
    one, two = ours.reset()[1]["budget"], twin.reset()[1]["budget"]
    assert len({*one.tolist(), *two.tolist()}) == 2 * NUMBER


def test_what_it_gave_stays_and_a_copy_goes_on_alike() -> None:
    ours, _ = pair(mode=AutoresetMode.SAME_STEP)
    given = [ours.reset(seed=0), *(ours.step(ours.action_space.sample()) for _ in range(5))]
    before = pickle.dumps(given)
    twin = pickle.loads(pickle.dumps(ours))
    for _ in range(5):
        actions = ours.action_space.sample()
        assert twin.action_space.sample().tolist() == actions.tolist()
        assert_same(twin.step(actions), ours.step(actions))
    assert pickle.dumps(given) == before


def test_masked_and_bad_actions_are_refused_before_anything_happens() -> None:
    ours, theirs = pair(budget=(90, 300))
    with pytest.raises(gym.error.ResetNeeded):
        ours.step(np.zeros(NUMBER, dtype=np.int64))
    with pytest.raises(gym.error.ResetNeeded):
        ours.reset(options={"reset_mask": np.arange(NUMBER) > 2})
    ours.reset(seed=0), theirs.reset(seed=0)
    for actions, message in (
        (np.array([0, 0, 40, 0, 0]), "at stage 'retrieve' sub-environment 2 got 40, which chooses qwen2.5-72b x1"),
        (np.array([0, 60, 0, 0, 0]), r"must lie in \[0, 60\), but sub-environment 1 got 60"),
        (np.array([0, 0, 0, -1, 0]), "sub-environment 3 got -1"),
        (np.zeros(NUMBER), "actions must be 5 integers below 60, but got float64"),
        (np.zeros((NUMBER, 1), dtype=np.int64), r"of shape \(5, 1\)"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            ours.step(actions)
    walk(ours, theirs, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": [1]}, "need a seed >= 0 for each of 5"),
        ({"seed": -1}, "need a seed >= 0 for each of 5"),
        ({"options": {"reset_mask": [True] * 5}}, "`reset_mask` must be 5 booleans in an array"),
        ({"options": {"reset_mask": np.zeros(5, dtype=bool)}}, "`reset_mask` must name a sub-environment"),
        ({"options": {"budget": [300.0, 400.0]}}, r"one for each of 5 .*, but has the shape \(2,\)"),
        ({"options": {"budget": [300.0, 400.0, 500.0, 1.0, 600.0]}}, "but got 1"),
        ({"options": {"budget": np.nan}}, "but got nan"),
    ],
)
def test_bad_resets_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        pair()[0].reset(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"backend": "replay", "budget": 1.0},
            r"needs backend='simulated', but .* has 'replay': use vectorization_mode='sync'",
        ),
        ({"num_envs": 0}, "`num_envs` must be >= 1, but got 0"),
        ({"autoreset_mode": "sometimes"}, "must be one of NEXT_STEP, SAME_STEP, DISABLED, but got 'sometimes'"),
        ({"reward": "fame"}, "`reward` must be one of"),
        ({"render_mode": "ansi"}, "has no option `render_mode`"),
        ({"infeasible": "project"}, "has no option `infeasible`"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gym.make_vec(
            "AgentTTS/2WikiMultiHopQA-Stagewise-v0",
            **({"num_envs": 3, "vectorization_mode": "vector_entry_point"} | options),
        )


def test_what_does_not_fit_together_is_refused() -> None:
    problem = toy_problem(levels=(1, 2))
    one, two = (toy_env(problem, examples=n).evaluator for n in (50, 60))
    with pytest.raises(InvalidInputError, match=r"data sets must have as many examples, but got \[50, 60\]"):
        StagewiseVectorEnv(problem, [one, two])  # type: ignore[list-item]


def test_other_backends_take_sync() -> None:
    envs = gym.make_vec(
        "AgentTTS/FictionalQA-Stagewise-v0", num_envs=2, backend="replay", cost="flops", budget=(3e11, 3e12)
    )
    assert isinstance(envs, SyncVectorEnv)
    assert isinstance(envs.envs[0].unwrapped, StagewiseEnv)
    envs.reset(seed=0)
    for _ in range(2):
        infos = envs.step(np.array([env.unwrapped.action_space.sample() for env in envs.envs]))[4]
    assert set(infos["backend"].tolist()) == {"replay"}


def test_it_says_where_scores_come_from() -> None:
    ours, _ = pair(reward="expected", budget=(100, 900))
    assert str(ours) == (
        "StagewiseVectorEnv(AgentTTS/2WikiMultiHopQA-Stagewise-v0, num_envs=5, backend=simulated, budget=100 to 900, "
        "reward=expected)"
    )
