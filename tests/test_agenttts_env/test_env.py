"""The environment's contract."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st
from simulations import toy_env, toy_problem

from agenttts_env.allocation import Allocation
from agenttts_env.baselines import RandomSearcher
from agenttts_env.engines.base import Request
from agenttts_env.env import REWARDS, AllocationEnv
from agenttts_env.errors import EngineError, InfeasibleError, InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.base import Evaluator, QuickEvaluator
from agenttts_env.search import search
from agenttts_env.trial import Trial

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
            observation, reward, *_ = env.step(env.action_space.sample())
            seen += [observation.tolist(), reward, env.trials[-1]]
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
    seen, trial = named(env, observation), env.trials[-1]
    assert (info["score"], info["cost"]) == (trial.score, trial.cost)
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
    trial = toys.env.trials[-1]
    assert (reward, info["feasible"], info["complete"], toys.env.best) == (-0.1, False, False, None)
    assert "score" not in info
    assert info["cost"] == trial.cost
    assert (trial.state, trial.requested, trial.allocation, trial.score) == ("infeasible", DEAR, None, None)
    assert "over the budget of" in trial.reason
    assert toys.samples_computed == 0


def test_infeasible_is_projected_and_says_so(toy: Callable) -> None:  # type: ignore[type-arg]
    env = toy(trials=3, infeasible="project").env
    env.reset()
    *_, info = step(env, DEAR)
    trial = env.trials[-1]
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
        env.step(action)
        assert env.trials[-1].requested == env.problem.decode(action)
        assert env.trials[-1].allocation in (None, env.trials[-1].requested)


def test_a_failed_trial_says_why_and_the_episode_goes_on(toy: Callable) -> None:  # type: ignore[type-arg]
    def reply(request: Request, index: int) -> str:
        if index == 3:
            raise EngineError("the server said 500")
        return "1"

    env = toy(reply=reply, trials=3).env
    env.reset()
    _, reward, _, _, info = step(env, BETTER)
    assert (reward, info["feasible"], env.trials[-1].state) == (0.0, True, "failed")
    assert "500" in env.trials[-1].reason
    assert step(env, CHEAP)[4]["complete"]


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


class Eager:
    """An evaluator without its quick way."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.backend, self.begin, self.close = evaluator.backend, evaluator.begin, evaluator.close
        self.evaluate = evaluator.evaluate


def eager(**options: Any) -> AllocationEnv:
    """A simulated environment that makes every trial at once."""
    env = toy_env(**options)
    evaluator = Eager(env.evaluator)
    assert isinstance(env.evaluator, QuickEvaluator)
    assert not isinstance(evaluator, QuickEvaluator)
    return AllocationEnv(env.problem, evaluator, **options)


def rows(trials: list[Trial]) -> list[str]:
    return [json.dumps(trial.to_json()) for trial in trials]  # ledgers included, which equality leaves out


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
@pytest.mark.parametrize("reward", sorted(REWARDS))
def test_quick_steps_are_the_same_steps(infeasible: str, reward: str) -> None:
    options: dict[str, Any] = {"infeasible": infeasible, "reward": reward, "trials": 40}
    quick, slow = toy_env(**options), eager(**options)
    quick.action_space.seed(5)
    for episode in range(2):
        assert repr(quick.reset(seed=episode)) == repr(slow.reset(seed=episode))
        for number in range(40):
            action = quick.action_space.sample()
            one, two = quick.step(action), slow.step(action)
            assert one[0].tobytes() == two[0].tobytes()
            assert one[1:] == two[1:]
            assert [type(value) for value in one[1:4]] == [float, bool, bool]
            if number % 7 == 0:  # somebody looks now and then
                assert rows(quick.trials) == rows(slow.trials)
        assert rows(quick.trials) == rows(slow.trials)
        assert quick.best == slow.best
        states = [trial.state for trial in quick.trials]
        assert states.count("infeasible") > 5 if infeasible == "penalise" else set(states) == {"complete"}


@given(
    seed=st.integers(0, 2**64 - 1),
    examples=st.integers(1, 130),
    action=st.tuples(*[st.integers(0, n) for n in (1, 99, 1, 99, 1, 99)]),
)
def test_a_quick_score_is_the_evaluations_to_the_last_bit(seed: int, examples: int, action: tuple[int, ...]) -> None:
    env = toy_env(toy_problem(1e6), seed=seed, examples=examples)
    env.reset()
    *_, info = env.step(np.array(action))
    evaluation: Evaluation = env.evaluator.evaluate(env.problem.decode(action), "")
    choices = [(model, level + 1) for model, level in zip(action[::2], action[1::2], strict=True)]
    assert info["score"] == evaluation.mean("quality")
    assert env.evaluator.means(choices) == [evaluation.mean("quality"), evaluation.mean("reading")]  # type: ignore[attr-defined]
    assert info["cost"] == env.problem.cost_of(env.problem.decode(action))


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
def test_trials_are_recorded_among_quick_steps(infeasible: str) -> None:
    one, two = toy_env(trials=12, infeasible=infeasible), toy_env(trials=12, infeasible=infeasible)
    one.reset(), two.reset()
    one.action_space.seed(2)
    for number in range(12):
        action = one.action_space.sample()
        stepped = one.step(action)
        taken = two.record(one.trials[-1]) if number % 3 == 1 else two.step(action)
        assert taken[0].tobytes() == stepped[0].tobytes()
        assert taken[1:] == stepped[1:]
    assert two.trials == one.trials
    with pytest.raises(gym.error.ResetNeeded):
        two.record(one.trials[-1])


def test_a_recorded_trial_must_be_the_next() -> None:
    env = toy_env()
    env.reset()
    env.step(np.zeros(6, dtype=np.int64))
    with pytest.raises(InvalidInputError, match="the next trial must have number 1, but got 0"):
        env.record(env.trials[0])


def test_a_recorded_trial_that_named_nothing_shows_zeros() -> None:
    env = toy_env(trials=2)
    env.reset()
    observation, reward, _, _, info = env.record(Trial(0, None, None, "failed", reason="no idea"))
    seen = named(env, observation)
    assert {name: value for name, value in seen.items() if value and name != "budget"} == {
        "trials left": 0.5,
        "last feasible": 1,
    }
    assert reward == 0
    assert info == {"feasible": True, "complete": False, "projected": False, "backend": "simulated"}


def test_a_simulated_search_is_the_same_with_and_without_quick_steps() -> None:
    quick, slow = (search(env, RandomSearcher(), seed=3) for env in (toy_env(trials=25), eager(trials=25)))
    assert rows(quick) == rows(slow)


def test_what_is_over_budget_raises_on_quick_steps_too() -> None:
    env = toy_env(infeasible="raise")
    env.reset()
    env.step(np.zeros(6, dtype=np.int64))
    with pytest.raises(InfeasibleError, match=r"large x100 \+ large x100 \+ large x100 costs .* over the budget"):
        env.step(env.problem.nvec - 1)
    assert len(env.trials) == 1
    assert env.step(np.zeros(6, dtype=np.int64))[4]["complete"]


BAD_ACTIONS = [
    ([0, 0, 0, 0, 0, -1], r"an action must lie in .* but got \[0, 0, 0, 0, 0, -1\]"),
    ([0, 0, 2, 0, 0, 0], "an action must lie in"),
    ([0, 100, 0, 0, 0, 0], "an action must lie in"),
    (np.array([0, 0, 0, 0, 0, 255], dtype=np.uint8), "an action must lie in"),
    (np.array([2**63, 0, 0, 0, 0, 0], dtype=np.uint64), "an action must lie in"),
    ([0, 0, 0, 0], r"an action must be 6 integers below \[2, 100, .* but got int64 \[0, 0, 0, 0\]"),
    ([[0, 0, 0, 0, 0, 0]], "an action must be 6 integers"),
    (np.zeros(6), "an action must be 6 integers .* but got float64"),
    (np.zeros(6, dtype=bool), "an action must be 6 integers .* but got bool"),
    (0, "an action must be 6 integers"),
    ([], "an action must be 6 integers"),
    (["small", "1"] * 3, "an action must be 6 integers"),
]


@pytest.mark.parametrize("make", [toy_env, eager])
@pytest.mark.parametrize(("action", "message"), BAD_ACTIONS)
def test_bad_actions_are_refused_alike(make: Callable[..., AllocationEnv], action: Any, message: str) -> None:
    env = make()
    env.reset()
    with pytest.raises(InvalidInputError, match=message):
        env.step(action)
    with pytest.raises(InvalidInputError, match=message):
        env.step(np.asarray(action))
    assert env.trials == []


def test_other_integers_are_the_same_action() -> None:
    action = [1, 3, 0, 7, 1, 0]
    given_as = [action, tuple(action), *(np.array(action, dtype=kind) for kind in (np.int64, np.int32, np.uint8))]
    env = toy_env(trials=len(given_as))
    env.reset()
    scores = [env.step(each)[4]["score"] for each in given_as]  # type: ignore[arg-type]
    assert len(set(scores)) == 1
    assert len({trial.requested for trial in env.trials}) == 1


def test_an_action_may_be_written_over() -> None:
    env, action = toy_env(trials=2), np.zeros(6, dtype=np.int64)
    env.reset()
    env.step(action)
    action[:] = 1
    env.step(action)
    assert [trial.requested for trial in env.trials] == [env.problem.decode([0] * 6), env.problem.decode([1] * 6)]


def test_a_trial_that_cannot_be_simulated_leaves_no_trace() -> None:
    env = toy_env(toy_problem(1e6, levels=(1, 100, 101)))
    env.reset()
    with pytest.raises(InvalidInputError, match="a simulated stage has at most 100 samples, but got 101"):
        env.step(np.array([0, 0, 0, 2, 0, 0]))
    assert env.trials == []
    assert env.step(np.array([0, 0, 0, 1, 0, 0]))[4]["complete"]


def test_a_simulated_environment_pickles_in_the_middle() -> None:
    env = toy_env(trials=6)
    env.reset(seed=1)
    env.action_space.seed(1)
    actions = [env.action_space.sample() for _ in range(6)]
    for action in actions[:3]:
        env.step(action)
    twin = pickle.loads(pickle.dumps(env))
    for action in actions[3:]:
        one, two = env.step(action), twin.step(action)
        assert one[0].tobytes() == two[0].tobytes()
        assert one[1:] == two[1:]
    assert rows(twin.trials) == rows(env.trials)


@pytest.mark.parametrize("infeasible", ["penalise", "project"])
def test_gymnasiums_checker_is_content_with_a_simulation(infeasible: str) -> None:
    check_env(toy_env(infeasible=infeasible, trials=5), skip_render_check=True)


def test_it_says_where_scores_come_from() -> None:
    env = gym.make("AgentTTS/CWQ-v0")
    assert "backend=simulated" in str(env)
    assert "backend=simulated" in repr(env)
    assert str(toy_env()).startswith("<AllocationEnv toy backend=simulated budget=2500 units")
