"""The environment's contract."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.env import REWARDS, AllocationEnv
from agenttts_env.errors import EngineError, InfeasibleError, InvalidInputError

CHEAP = Allocation.of(("small", 1), ("small", 1))
BETTER = Allocation.of(("small", 20), ("small", 20))
DEAR = Allocation.of(("large", 100), ("large", 100))


def step(env: AllocationEnv, allocation: Allocation) -> tuple[np.ndarray, float, bool, bool, dict]:  # type: ignore[type-arg]
    return env.step(env.problem.encode(allocation))


def named(env: AllocationEnv, observation: np.ndarray) -> dict[str, float]:  # type: ignore[type-arg]
    return dict(zip(env.observation_names, observation.tolist(), strict=True))


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
@pytest.mark.parametrize("reward", sorted(REWARDS))
def test_gymnasiums_checker_is_content(toy: Callable, infeasible: str, reward: str) -> None:  # type: ignore[type-arg]
    check_env(toy(infeasible=infeasible, reward=reward, trials=5).env, skip_render_check=True)


def test_stable_baselines3s_checker_is_content(toy: Callable) -> None:  # type: ignore[type-arg]
    from stable_baselines3.common.env_checker import check_env as check_env_sb3

    check_env_sb3(toy(trials=5).env, skip_render_check=True)


def test_a_rollout_is_deterministic(toy: Callable) -> None:  # type: ignore[type-arg]
    def rollout(env: AllocationEnv) -> list[object]:
        env.action_space.seed(7)
        observation, _ = env.reset(seed=7)
        seen: list[object] = [observation.tolist()]
        for _ in range(12):
            observation, reward, *_, info = env.step(env.action_space.sample())
            seen += [observation.tolist(), reward, info["trial"]]
        return seen

    one, two = (toy(store=":memory:", trials=12).env for _ in range(2))
    first = rollout(one)
    assert first == rollout(two)
    assert first == rollout(one)  # a second episode over a warm store


def test_the_observation_says_what_its_names_say(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=4).env
    observation, info = env.reset(seed=0)
    assert info == {"backend": "live"}
    assert named(env, observation)["trials left"] == 1
    assert 0 < named(env, observation)["budget"] < 1
    assert not any(value for name, value in named(env, observation).items() if name not in ("trials left", "budget"))
    observation, *_, info = step(env, Allocation.of(("large", 1), ("small", 34)))
    seen, trial = named(env, observation), info["trial"]
    assert seen["trials left"] == 0.75
    assert (seen["last read model"], seen["last read level"]) == (1.0, 0.0)
    assert (seen["last add model"], seen["last add level"]) == (0.0, pytest.approx(33 / 99))
    assert seen["last right"] == seen["best score"] == pytest.approx(trial.score)
    assert seen["last read"] == pytest.approx(trial.metrics["read"])
    assert seen["last cost share"] == pytest.approx(env.problem.spent_share(trial.cost))
    assert seen["last feasible"] == seen["last complete"] == 1
    observation, *_ = step(env, DEAR)
    seen = named(env, observation)
    assert seen["last cost share"] == 10
    assert seen["last feasible"] == seen["last complete"] == seen["last right"] == 0
    assert seen["best score"] == pytest.approx(trial.score)


def test_rewards_by_name(toy: Callable) -> None:  # type: ignore[type-arg]
    rewards = {}
    for name in REWARDS:
        env = toy(reward=name, trials=5, penalty=0.25).env
        env.reset(seed=0)
        rewards[name] = [step(env, a)[1] for a in (CHEAP, BETTER, CHEAP, DEAR, BETTER)]
    low, high = rewards["score"][:2]
    assert low < high
    assert rewards["improvement"] == [low, pytest.approx(high - low), 0.0, -0.25, 0.0]
    assert rewards["score"] == [low, high, low, -0.25, high]
    assert rewards["best"] == [low, high, high, -0.25, high]


def test_an_episode_ends_after_its_trials(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=2).env
    with pytest.raises(gym.error.ResetNeeded):
        step(env, CHEAP)
    env.reset()
    assert step(env, CHEAP)[2:4] == (False, False)
    assert step(env, CHEAP)[2:4] == (True, False)
    with pytest.raises(gym.error.ResetNeeded):
        step(env, CHEAP)


def test_infeasible_is_penalised_and_runs_nothing(toy: Callable) -> None:  # type: ignore[type-arg]
    toys = toy(trials=3)
    toys.env.reset()
    _, reward, _, _, info = step(toys.env, DEAR)
    trial = info["trial"]
    assert (reward, info["feasible"], info["best"]) == (-0.1, False, None)
    assert (trial.state, trial.requested, trial.allocation, trial.score) == ("infeasible", DEAR, None, None)
    assert "over the budget of" in trial.reason
    assert toys.samples_computed == 0


def test_infeasible_is_projected_and_says_so(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=3, infeasible="project").env
    env.reset()
    *_, info = step(env, DEAR)
    trial = info["trial"]
    assert info["projected"]
    assert info["feasible"]
    assert trial.requested == DEAR
    assert trial.allocation == env.problem.project(DEAR) != DEAR
    assert env.problem.is_feasible(trial.allocation)
    assert trial.cost == env.problem.cost_of(trial.allocation)
    assert trial.reason.endswith("projected")
    assert not step(env, CHEAP)[4]["projected"]


def test_infeasible_raises(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(infeasible="raise").env
    env.reset()
    with pytest.raises(InfeasibleError, match=r"large x100 \+ large x100 costs .* over the budget"):
        step(env, DEAR)
    assert env.trials == []


def test_what_is_asked_is_what_is_answered(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=20).env
    env.reset(seed=3)
    env.action_space.seed(3)
    for _ in range(20):
        action = env.action_space.sample()
        *_, info = env.step(action)
        assert info["trial"].requested == env.problem.decode(action)
        assert info["trial"].allocation in (None, info["trial"].requested)


def test_a_failed_trial_says_why_and_the_episode_goes_on(toy: Callable) -> None:  # type: ignore[type-arg]
    def reply(request: Request, index: int) -> str:
        if index == 3:
            raise EngineError("the server said 500")
        return "1"

    env = toy(reply=reply, trials=3).env
    env.reset()
    _, reward, _, _, info = step(env, BETTER)
    assert (reward, info["feasible"], info["trial"].state) == (0.0, True, "failed")
    assert "500" in info["trial"].reason
    assert step(env, CHEAP)[4]["trial"].state == "complete"


def test_it_pickles_with_its_state(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=5).env
    env.evaluator.sampler._make_engine = _no_engine
    env.reset(seed=1)
    env.evaluator.sampler._make_engine = _no_engine
    twin = pickle.loads(pickle.dumps(env))
    assert twin.observation_names == env.observation_names
    assert twin.problem == env.problem
    assert repr(twin) == repr(env)


def _no_engine(model: object) -> object:
    raise AssertionError("nothing should be computed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 0}, "`trials` must be >= 1, but got 0"),
        ({"reward": "fame"}, "`reward` must be one of improvement, score, best, but got 'fame'"),
        ({"infeasible": "ignore"}, "`infeasible` must be one of .* but got 'ignore'"),
        ({"penalty": -1.0}, "`penalty` must be >= 0, but got -1.0"),
        ({"render_mode": "human"}, "`render_mode` must be one of .* but got 'human'"),
    ],
)
def test_bad_options_are_refused(toy: Callable, options: dict[str, object], message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(InvalidInputError, match=message):
        toy(**options)


def test_a_bad_action_is_refused_before_anything_runs(toy: Callable) -> None:  # type: ignore[type-arg]
    toys = toy()
    toys.env.reset()
    with pytest.raises(InvalidInputError, match="an action must lie in"):
        toys.env.step(np.array([9, 9, 9, 9]))
    assert toys.samples_computed == 0


def test_ppo_learns_over_a_warm_store(toy: Callable) -> None:  # type: ignore[type-arg]
    """A few hundred steps; the mean reward of an episode rises, and nothing is computed twice."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.monitor import Monitor

    toys = toy(trials=4, reward="score")
    env = Monitor(toys.env)
    model = PPO("MlpPolicy", env, n_steps=64, batch_size=64, n_epochs=10, learning_rate=3e-3, seed=0, device="cpu")
    model.learn(1024)
    returns = env.get_episode_rewards()
    early, late = np.mean(returns[:48]), np.mean(returns[-48:])
    assert late > early + 0.1
    assert toys.samples_computed == toys.sampler.store.count()
