"""The mixture's contract: single and vector environment, bit for bit; what is drawn; what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from mixtures import OPTIONS, masked_actions, small_env, small_vector_env
from same import assert_same

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_simulated
from agenttts_env.errors import InvalidInputError
from agenttts_env.mixture import MixtureEnv, MixtureVectorEnv
from agenttts_env.mixture.layout import SIZE
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import landscape_names, load_landscape
from agenttts_env.trial import Trial, best_trial

ID = "AgentTTS/Mixture-v0"


def pair(count: int, mode: AutoresetMode = AutoresetMode.NEXT_STEP, **options: Any) -> tuple[VectorEnv, VectorEnv]:
    """The same searches twice: in arrays, and one after the other."""
    ours = small_vector_env(count, autoreset_mode=mode, **options)
    return ours, SyncVectorEnv([lambda: small_env(**options)] * count, autoreset_mode=mode)


def test_gymnasiums_checkers_are_content() -> None:
    from stable_baselines3.common.env_checker import check_env as check_env_sb3

    env = gym.make(ID, **OPTIONS)
    check_env(env.unwrapped, skip_render_check=True)
    check_env_sb3(env.unwrapped, skip_render_check=True)
    assert isinstance(env.unwrapped, MixtureEnv)


def test_gymnasiums_two_ways_to_make_many_agree() -> None:
    ours, theirs = (gym.make_vec(ID, 3, vectorization_mode=mode, **OPTIONS) for mode in ("vector_entry_point", "sync"))
    assert isinstance(ours.unwrapped, MixtureVectorEnv)
    assert ours.single_action_space == theirs.single_action_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert (ours.action_space, ours.observation_space) == (theirs.action_space, theirs.observation_space)
    assert_same(ours.reset(seed=7), theirs.reset(seed=7))


@pytest.mark.parametrize("count", [1, 13])
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_many_equal_single_ones_bit_for_bit(mode: AutoresetMode, count: int) -> None:
    """With options, with masks that put episodes out of step, and with seeds for some."""
    ours, theirs = pair(count, mode)
    rng = np.random.default_rng(count)
    assert_same(ours.reset(seed=3), theirs.reset(seed=3))
    ends = 0
    for step in range(22):
        actions = rng.integers(0, ours.single_action_space.nvec, (count, 6))
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        ends += int(two[2].sum())
        masks = np.array([env.unwrapped.action_masks() for env in theirs.envs])
        assert (ours.unwrapped.action_masks() == masks).all()
        mask = two[2] if mode is AutoresetMode.DISABLED else np.arange(count) % 3 == step % 3
        if mask.any() and (mode is AutoresetMode.DISABLED or step in (1, 4, 13)):
            seed = [None if number % 2 else 100 + number for number in range(count)] if step != 13 else None
            options = {"reset_mask": mask, "task": "chatdev", "budget": 900.0 + step, "data_seed": 9}
            options = {name: options[name] for name in options if name == "reset_mask" or step % 4}
            assert_same(
                ours.reset(seed=seed, options=copy.deepcopy(options)),
                theirs.reset(seed=seed, options=copy.deepcopy(options)),
            )
    assert ends >= 2 * count


def test_a_rollout_is_deterministic_and_what_it_gave_stays() -> None:
    env = small_vector_env(8)
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(15)]

    def rollout(env: MixtureVectorEnv) -> list[Any]:
        return [env.reset(seed=2), *(env.step(batch) for batch in actions)]

    first = rollout(env)
    before = pickle.dumps(first)
    assert_same(tuple(rollout(small_vector_env(8))), tuple(first))
    assert_same(tuple(rollout(env)), tuple(first))
    assert pickle.dumps(first) == before  # no later step wrote into it
    for twin in (pickle.loads(pickle.dumps(env)), copy.deepcopy(env)):
        assert_same(twin.step(actions[0]), copy.deepcopy(env).step(actions[0]))
        assert_same(tuple(rollout(twin)), tuple(first))


def test_a_reset_without_a_seed_goes_on() -> None:
    env = small_env()
    env.reset(seed=0)
    drawn = [tuple(env.reset()[1].values()) for _ in range(8)]
    assert len(set(drawn)) == 8
    env.reset(seed=0)
    assert [tuple(env.reset()[1].values()) for _ in range(8)] == drawn
    assert small_env().reset()[1]["budget"] != small_env().reset()[1]["budget"]  # each has a seed of its own


def test_what_is_drawn_is_spread_over_tasks_budgets_and_data() -> None:
    env = small_vector_env(3000, budget=(0.25, 4.0))
    _, infos = env.reset(seed=0)
    for name, values in (("task", range(2)), ("data_seed", OPTIONS["data_seeds"])):
        counts = [int((infos[name] == value).sum()) for value in values]
        assert sum(counts) == 3000
        assert all(abs(count - 3000 / len(counts)) < 5 * 3000**0.5 for count in counts)
    for task, problem in enumerate(env.problems):
        multiples = infos["budget"][infos["task"] == task] / problem.budget
        assert 0.25 <= multiples.min() < 0.26
        assert 3.8 < multiples.max() <= 4.0
        assert abs(np.log(multiples).mean()) < 0.1  # as many below the task's own as above it
    assert (infos["backend"] == "simulated").all()


def test_something_is_left_to_decide() -> None:
    """A range that reaches below the cheapest allocation is cut where two allocations are left."""
    env = small_vector_env(500, budget=(0.001, 0.15))
    env.reset(seed=0)
    problems = [env.problem(number) for number in range(500)]
    assert min(problem.count() for problem in problems) >= 2
    with pytest.raises(InvalidInputError, match=r"`budget` must leave a choice, but 0\.01 times that of task '2wiki"):
        small_vector_env(1, budget=0.01)


def test_no_action_is_over_budget_and_no_episode_longer() -> None:
    env = small_vector_env(64, autoreset_mode="Disabled")
    env.reset(seed=1)
    env.action_space.seed(0)
    limits = np.array([env.problem(number).budget for number in range(64)])
    total = np.zeros(64)
    for step in range(6):
        observations, rewards, terminated, _, infos = env.step(env.action_space.sample())
        assert (infos["cost"] <= limits * (1 + 1e-9)).all()
        assert env.observation_space.contains(observations)
        assert (terminated == (step == 5)).all()
        total += rewards
    best = observations[:, env.observation_names.index("best score")]
    assert total == pytest.approx(best, abs=1e-6)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(env.action_space.sample())


def test_rewards_of_incumbents_add_up_to_what_the_last_one_is_worth() -> None:
    envs, rng = small_vector_env(16, reward="incumbent"), np.random.default_rng(0)
    envs.reset(seed=3)
    problems = [envs.problem(number) for number in range(16)]
    trials: list[list[Trial]] = [[] for _ in problems]
    returns = np.zeros(16)
    for step in range(envs.max_trials):
        actions = masked_actions(envs.action_masks(), envs.single_action_space.nvec, rng)
        _, rewards, _, _, infos = envs.step(actions)
        returns += rewards
        for number, problem in enumerate(problems):
            models, samples = infos["models"][number], infos["samples"][number]
            allocation = Allocation.of(
                *(
                    (stage.models[m].name, int(s))
                    for stage, m, s in zip(problem.task.stages, models, samples, strict=False)
                )
            )
            trials[number].append(
                Trial(
                    step, allocation, allocation, "complete",
                    cost=infos["cost"][number], score=infos["score"][number],
                )
            )  # fmt: skip
    for number, problem in enumerate(problems):
        best = best_trial(trials[number])
        assert best is not None
        assert best.allocation is not None
        landscape = load_landscape(problem.task.name)
        worth = Oracle(problem, landscape).value(best.allocation).score
        assert returns[number] == pytest.approx(worth, abs=1e-9)


def test_the_layout_is_one_for_all_tasks() -> None:
    spaces = set()
    for task in landscape_names():
        env = small_vector_env(2, tasks=(task,), data_seeds=(0,))
        observations, _ = env.reset(seed=0)
        spaces.add((str(env.single_action_space), str(env.single_observation_space), env.observation_names))
        assert observations.shape == (2, SIZE) == (2, len(set(env.observation_names)))
        assert abs(observations).max() <= 1.0
        assert env.action_masks().shape == (2, env.single_action_space.nvec.sum())  # type: ignore[attr-defined]
    assert len(spaces) == 1


def test_masks_are_where_sb3_contrib_looks_for_them() -> None:
    from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported

    env = gym.make(ID, **OPTIONS)
    assert is_masking_supported(env)
    env.reset(seed=0)
    assert get_action_masks(env).tolist() == env.unwrapped.action_masks().tolist()  # type: ignore[attr-defined]


def test_masked_actions_are_other_names_of_allowed_ones() -> None:
    env, twin = (small_vector_env(40, budget=(0.15, 0.6)) for _ in range(2))
    env.reset(seed=5), twin.reset(seed=5)
    rng, masked = np.random.default_rng(0), 0
    for _ in range(5):
        actions = env.action_space.sample()
        *_, infos = env.step(actions)
        models, samples = infos["models"], infos["samples"]
        levels = np.searchsorted(OPTIONS["levels"], np.maximum(samples, 1))
        allowed = np.stack([np.maximum(models, 0), levels], axis=2).reshape(40, 6)
        parts = np.split(env.action_masks(), np.cumsum(env.single_action_space.nvec)[:-1], axis=1)  # type: ignore[attr-defined]
        assert all(part[range(40), entry].all() for part, entry in zip(parts, allowed.T, strict=True))
        masked += int(np.sum([~part[range(40), entry] for part, entry in zip(parts, actions.T, strict=True)]))
        *_, again = twin.step(allowed)
        assert_same(again, infos)
    assert masked > 100
    assert masked_actions(env.action_masks(), env.single_action_space.nvec, rng).shape == (40, 6)  # type: ignore[attr-defined]


def test_a_reset_may_say_what_is_drawn() -> None:
    env = small_vector_env(3)
    options = {"task": ["chatdev", None, 0], "budget": np.array([2000.0, 1500.0, 700.0]), "data_seed": 9}
    _, infos = env.reset(seed=0, options=options)
    assert infos["task"][[0, 2]].tolist() == [1, 0]
    assert infos["budget"].tolist() == [2000.0, 1500.0, 700.0]
    assert infos["data_seed"].tolist() == [9, 9, 9]
    assert (env.problem(0).task.name, env.problem(0).budget) == ("chatdev", 2000.0)
    _, drawn = env.reset()
    assert drawn["budget"].tolist() != infos["budget"].tolist()
    single = small_env()
    _, info = single.reset(options={"task": "chatdev", "data_seed": 0})
    assert (info["task"], info["data_seed"], single.problem.task.name) == (1, 0, "chatdev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": [1]}, "need a seed for each of 2 sub-environments"),
        ({"options": {"fame": 1}}, "options of a reset are task, budget, data_seed, reset_mask, but got 'fame'"),
        ({"options": {"task": "poetry"}}, "`task` must be one of 2wikimultihopqa, chatdev, or its index, but got 'poe"),
        ({"options": {"task": 2}}, "`task` must be one of .* but got 2"),
        ({"options": {"task": "chatdev", "budget": 1.0}}, "`budget` must pay at least the cheapest .* but got 1"),
        ({"options": {"data_seed": 1}}, r"`data_seed` must be one of \(5, 0, 9\), but got 1"),
        ({"options": {"budget": [1e3] * 3}}, "`budget` must be one value, or one for each of 2, but got 3"),
        ({"options": {"reset_mask": np.array([False, False])}}, "`reset_mask` must name a sub-environment"),
    ],
)
def test_bad_resets_are_refused_and_change_nothing(arguments: dict[str, Any], message: str) -> None:
    env = small_vector_env(2)
    env.reset(seed=0)
    twin = copy.deepcopy(env)
    with pytest.raises(InvalidInputError, match=message):
        env.reset(**arguments)
    actions = env.action_space.sample()
    assert_same(env.step(actions), twin.step(actions))


def test_it_must_be_reset_first() -> None:
    env = small_vector_env(2)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(env.action_space.sample())
    with pytest.raises(gym.error.ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False])})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tasks": "chatdev"}, "`tasks` must be several names, but got 'chatdev'"),
        ({"tasks": ("chatdev", "chatdev")}, "`tasks` must be different"),
        ({"tasks": ("fictional-qa",)}, "the tasks that can be simulated are .* but got 'fictional-qa'"),
        ({"budget": (2.0, 1.0)}, r"`budget` must be multiples 0 < low <= high, or one, but got \(2.0, 1.0\)"),
        ({"budget": 0.0}, "`budget` must be multiples 0 < low"),
        ({"budget": (1.0,)}, "`budget` must be multiples 0 < low"),
        ({"data_seeds": ()}, "`data_seeds` must be different integers"),
        ({"data_seeds": (1, 1)}, "`data_seeds` must be different integers"),
        ({"data_seeds": (-1,)}, "`data_seeds` must be different integers"),
        ({"examples": 0}, "`examples` must be >= 1, but got 0"),
        ({"trials": 0}, "`trials` must be >= 1, but got 0"),
        ({"reward": "fame"}, "`reward` must be one of improvement, score, best, but got 'fame'"),
        ({"levels": (1, 101)}, "at most 100 samples"),
        ({"levels": (2, 1)}, "`levels` must be ascending"),
        ({"cost": "fame"}, "`cost` must be one of"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        small_vector_env(1, **options)


def test_it_takes_problems_of_equal_levels_and_cost() -> None:
    (task, landscape), (other, _) = (build_simulated(name) for name in ("cwq", "webqsp"))
    one, two = Problem.of(task, levels=(1, 2)), Problem.of(other, levels=(1, 3))
    with pytest.raises(InvalidInputError, match="equal in their levels and their cost"):
        MixtureVectorEnv([one, two], [landscape, landscape])
    with pytest.raises(InvalidInputError, match="need a landscape for each problem, and one at least, but got 0 and 1"):
        MixtureVectorEnv([one], [])
    with pytest.raises(InvalidInputError, match="`num_envs` must be >= 1, but got 0"):
        MixtureVectorEnv([one], [landscape], num_envs=0)


def test_it_says_that_it_is_simulated() -> None:
    assert repr(small_vector_env(3)) == ("MixtureVectorEnv(2wikimultihopqa+chatdev, num_envs=3, backend=simulated)")
    assert str(small_env()) == "MixtureEnv(2wikimultihopqa+chatdev, backend=simulated)"
