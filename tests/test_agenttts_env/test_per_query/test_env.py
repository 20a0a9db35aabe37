"""The single environment, and what ``gymnasium.make`` gives."""

from __future__ import annotations

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from questions import toy_per_query

import agenttts_env
from agenttts_env.errors import InvalidInputError
from agenttts_env.per_query import PerQueryEnv, PerQueryVectorEnv
from agenttts_env.simulation.landscape import landscape_names
from agenttts_env.tasks import get_entry

SMALL: dict[str, Any] = {"data_seeds": range(2), "examples": 10}
NAMES = [(get_entry(task).gym_name, SMALL) for task in landscape_names()] + [
    ("FictionalQA", {}),
    ("2WikiMultiHopQA", {"backend": "replay"}),
]


def make(name: str, **options: Any) -> Any:
    return gym.make(f"AgentTTS/{name}-PerQuery-v0", **options).unwrapped


@pytest.mark.parametrize(("name", "options"), NAMES)
def test_a_random_policy_never_overspends(name: str, options: dict[str, Any]) -> None:
    env = make(name, **options)
    assert isinstance(env, PerQueryEnv)
    env.action_space.seed(0)
    assert env.backend == ("replay" if name == "FictionalQA" or options.get("backend") else "simulated")
    scores = []
    for episode in range(30):
        observation, info = env.reset(seed=0 if not episode else None)
        done = False
        while not done:
            assert env.observation_space.contains(observation)
            assert set(info) == {"example", "price", "cost", "backend", "replaced"}
            assert not info["replaced"]
            observation, reward, done, truncated, info = env.step(env.action_space.sample())
            assert not truncated
            assert isinstance(reward, float)
        assert 0 < info["cost"] <= env.problem.budget * (1 + 1e-9)
        assert info["backend"] == env.backend
        assert isinstance(info["example"], int)
        scores.append(info["score"])
    assert all(0 <= score <= 1 for score in scores)


def test_episodes_are_determined_by_the_seed() -> None:
    def episodes() -> list[Any]:
        env = toy_per_query()
        env.action_space.seed(3)
        trace: list[Any] = []
        for seed in (7, None, None):
            observation, info = env.reset(seed=seed)
            done = False
            while not done:
                observation, reward, done, _, info = env.step(env.action_space.sample())
                trace.append((observation.tolist(), reward, info))
        return trace

    assert episodes() == episodes()


def test_it_is_a_view_on_a_vector_of_one() -> None:
    env = toy_per_query(price=0.5)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.int64(5))
    env.reset(seed=0, options={"example": 3, "price": 0.25})
    _, reward, _, _, info = env.step(np.int64(5))
    assert (info["example"], info["price"]) == (3, 0.25)
    assert reward == -0.25 * info["cost"] / env.problem.budget
    with pytest.raises(InvalidInputError, match="an action must be an integer"):
        env.step(np.array([1, 2]))  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="action_masks"):
        env.step(np.int64(5))
    twin = pickle.loads(pickle.dumps(env))
    assert twin.step(np.int64(0))[4] == env.step(np.int64(0))[4]
    assert "backend=simulated" in repr(env) == str(env)
    env.step(np.int64(env.moves.accept))
    while not env.step(env.action_space.sample())[2]:
        pass
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.int64(5))


def test_a_masked_action_is_replaced_where_that_is_wanted() -> None:
    env, same = toy_per_query(masked="replace", price=0.5), toy_per_query(price=0.5)
    first, accept = len(env.moves.draws), env.moves.accept
    env.reset(seed=0), same.reset(seed=0)
    # Nothing to accept: the first model is asked. It was asked before: accepted. Too many to draw: accepted.
    for action, instead in ((accept, first), (first, accept), (0, first), (4, accept)):
        observation, reward, *_, info = env.step(np.int64(action))
        wanted = same.step(np.int64(instead))
        assert info.pop("replaced")
        assert not wanted[4].pop("replaced")
        assert (observation.tolist(), reward, info) == (wanted[0].tolist(), wanted[1], wanted[4])
    assert not env.step(np.int64(first))[4]["replaced"]
    with pytest.raises(InvalidInputError, match=r"must lie in \[0, 8\)"):
        env.step(np.int64(8))


def test_data_of_ones_choice() -> None:
    search, test = (make("CWQ", split=split, **SMALL) for split in ("search", "test"))
    assert len(search.questions) == len(test.questions) == 20
    assert (search.questions.stages[0].answers != test.questions.stages[0].answers).any()
    assert search.questions is make("CWQ", **SMALL).questions  # shared: they are large
    assert len(make("CWQ", data_seeds=3, examples=7).questions) == 7
    few = make("CWQ", models={"answer": ["llama-3.1-8b"]}, levels=(1, 2, 5), cost="usd", budget=1e-2, **SMALL)
    assert few.problem.levels == few.questions.levels == (1, 2, 5)
    assert few.problem.budget == 0.01
    assert [len(stage.models) for stage in few.problem.task.stages] == [2, 1]
    vote = make("CWQ", fusions={"*": "vote"}, **SMALL)
    assert (vote.moves.samples[0] == vote.problem.cost_tables[0]).all()
    replay = make("FictionalQA", examples=5, split="test", levels=(1, 4, 32))
    assert len(replay.questions) == 5
    assert replay.observation_names.count("lengths known") == 1
    assert replay.reset(seed=0)[0][replay.observation_names.index("lengths known")] == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("CWQ", {"backend": "live"}, "to decide sample by sample needs samples that are known"),
        ("CWQ", {"backend": "dead"}, "`backend` must be 'simulated' or 'replay', but got 'dead'"),
        ("CWQ", {"table": "fictional-qa"}, "`table` needs backend='replay'"),
        ("CWQ", {"backend": "replay"}, "no recorded table of task 'cwq'"),
        ("ChatDevSRDD", {}, "no recorded table of task 'chatdev-srdd'"),
        ("FictionalQA", {"data_seeds": 3}, "`data_seeds` needs backend='simulated'"),
        ("FictionalQA", {"levels": (1, 33)}, "among those recorded"),
        ("CWQ", {"split": "train"}, "`split` must be one of"),
        ("CWQ", {"cost": "paper"}, "a part for free"),
        ("CWQ", {"budget": 1.0}, "must pay at least the cheapest allocation"),
    ],
)
def test_wrong_options_are_errors(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make(name, **options)


def test_the_package_exports_both() -> None:
    assert agenttts_env.PerQueryEnv is PerQueryEnv
    assert agenttts_env.PerQueryVectorEnv is PerQueryVectorEnv
    envs = gym.make_vec("AgentTTS/FictionalQA-PerQuery-v0", num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(envs, PerQueryVectorEnv)
    assert envs.reset(seed=0)[1]["backend"].tolist() == ["replay"] * 3
