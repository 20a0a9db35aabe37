"""The vector environment: static allocations, single environments, resets, errors."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import problem_of, replayed_questions, toy_per_query, toy_per_query_vector, toy_questions
from same import assert_same

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.per_query import PRICE, PerQueryVectorEnv, Questions, play
from agenttts_env.per_query.view import price_code

BACKENDS = {"simulated": toy_questions, "replay": replayed_questions}


def static_policy(env: PerQueryVectorEnv, allocation: Allocation) -> Any:
    """Draws what the allocation says, in steps that the environment has, and accepts."""
    names = env.observation_names
    stages = [names.index(f"at {stage.name}") for stage in env.problem.task.stages]
    models = np.array(
        [
            spec.models.index(spec.model(c.model))
            for spec, c in zip(env.problem.task.stages, allocation.stages, strict=True)
        ]
    )
    wanted = np.array([env.problem.levels.index(choice.samples) for choice in allocation.stages])
    draws = np.array(env.moves.draws)

    def act(observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        stage = observations[:, stages].argmax(axis=1)
        samples = np.expm1(observations[:, names.index("samples")] * np.log1p(env.problem.levels[-1])).round()
        left = wanted[stage] - np.searchsorted(env.problem.levels, samples)
        largest = np.searchsorted(draws, left, side="right") - 1
        actions = np.where(left > 0, largest, env.moves.accept)
        return np.where(samples == 0, len(draws) + models[stage], actions)

    return act


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_to_draw_what_a_static_allocation_draws_costs_and_scores_the_same(backend: str, data: st.DataObject) -> None:
    questions: Questions = BACKENDS[backend]()
    choice = st.tuples(st.sampled_from(["small", "large"]), st.sampled_from(questions.levels))
    allocation = Allocation.of(*data.draw(st.lists(choice, min_size=3, max_size=3)))
    env = toy_per_query_vector(7, questions, share=1.0)  # the questions come in uneven parts
    played = play(env, static_policy(env, allocation))
    assert played.scores.tolist() == questions.measure(allocation).tolist()
    assert set(played.costs.tolist()) == {env.problem.cost_of(allocation)}


def test_a_simulated_default_environment_does_so_too() -> None:
    env = gym.make_vec(
        "AgentTTS/ChatDev-PerQuery-v0", num_envs=30, vectorization_mode="vector_entry_point", data_seeds=4, examples=30,
        budget=1e16,
    )  # fmt: skip
    assert isinstance(env, PerQueryVectorEnv)
    search = gym.make(
        "AgentTTS/ChatDev-v0", data_seed=4, examples=30, cost="flops", budget=1e16, reward="score"
    ).unwrapped
    for text in (
        "llama-3.2-3b x1 + llama-3.1-70b x7 + llama-3.2-3b x38",
        "llama-3.1-70b x2 + llama-3.2-3b x60 + llama-3.2-3b x90",
    ):
        allocation = Allocation.parse(text)
        search.reset()
        _, score, _, _, info = search.step(search.problem.encode(allocation))
        played = play(env, static_policy(env, allocation))
        assert played.score == score
        assert set(played.costs.tolist()) == {info["cost"]}


@pytest.mark.parametrize("order", ["random", "sequential"])
@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("backend", BACKENDS)
def test_it_equals_single_environments_bit_for_bit(backend: str, mode: AutoresetMode, order: str) -> None:
    questions, count = BACKENDS[backend](), 1 if order == "sequential" else 5
    ours = toy_per_query_vector(count, questions, order=order, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: toy_per_query(questions, order=order)] * count, autoreset_mode=mode)
    rng = np.random.default_rng(1)
    assert_same(ours.reset(seed=11), theirs.reset(seed=11))
    ends = 0
    for step in range(200):
        masks = ours.action_masks()
        assert_same(masks, np.array([env.action_masks() for env in theirs.envs]))
        actions = (rng.random(masks.shape) * masks).argmax(axis=1)
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        ends += int(two[2].sum())
        done = two[2]
        if mode is AutoresetMode.DISABLED and done.any():
            assert_same(*(env.reset(options={"reset_mask": done.copy()}) for env in (ours, theirs)))
        elif step % 47 == 46:
            options = {"price": 0.25} if step % 2 else {"example": 3, "price": 0.5}
            seeds = [4, None, 9, None, 2][:count]
            assert_same(*(env.reset(seed=list(seeds), options=dict(options)) for env in (ours, theirs)))
    assert ends > 6 * count


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("backend", BACKENDS)
def test_it_equals_single_environments_where_masked_actions_are_replaced(backend: str, mode: AutoresetMode) -> None:
    questions = BACKENDS[backend]()
    ours = toy_per_query_vector(5, questions, masked="replace", autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: toy_per_query(questions, masked="replace")] * 5, autoreset_mode=mode)
    rng, told = np.random.default_rng(1), 0
    _, infos = ours.reset(seed=11)
    assert_same(infos, theirs.reset(seed=11)[1])
    assert not infos["replaced"].any()
    for _ in range(200):
        masks, actions = ours.action_masks(), rng.integers(ours.moves.actions, size=5)
        one, two = ours.step(actions), theirs.step(actions)
        assert_same(one, two)
        infos, done = one[4], one[2]
        replaced = infos["replaced"].copy()
        if "final_info" in infos:  # what has ended begins anew
            assert not replaced[done].any()
            replaced[done] = infos["final_info"]["replaced"][done]
        assert replaced.tolist() == (~masks[np.arange(5), actions]).tolist()
        told += int(replaced.sum())
        if mode is AutoresetMode.DISABLED and done.any():
            assert_same(*(env.reset(options={"reset_mask": done.copy()}) for env in (ours, theirs)))
    assert 100 < told < 900


def test_rewards_add_up_to_score_less_price_times_cost() -> None:
    env = toy_per_query_vector(64, autoreset_mode="SameStep")
    _, infos = env.reset(seed=0)
    rng = np.random.default_rng(0)
    returns, prices, checked = np.zeros(64), infos["price"], 0
    for _ in range(200):
        masks = env.action_masks()
        _, rewards, ended, _, infos = env.step((rng.random(masks.shape) * masks).argmax(axis=1))
        returns += rewards
        if ended.any():
            last = infos["final_info"]
            expected = last["score"] - prices * last["cost"] / env.problem.budget
            assert returns[ended] == pytest.approx(expected[ended], abs=1e-12)
            assert last["price"][ended].tolist() == prices[ended].tolist()
            checked += int(ended.sum())
            returns[ended] = 0
        prices = infos["price"]
    assert checked > 500
    assert PRICE[0] <= prices.min() < 0.02
    assert 0.1 < prices.max() <= PRICE[1]


def test_observations_say_what_happened() -> None:
    env = toy_per_query_vector(1, share=1.0, price=0.1)
    names = env.observation_names

    def seen(action: int | None = None) -> dict[str, float]:
        options = {"example": 11}
        observation = env.reset(options=options)[0] if action is None else env.step(np.array([action]))[0]
        assert env.observation_space.contains(observation)
        return dict(zip(names, observation[0].tolist(), strict=True))

    draw, small, large, accept = 1, len(env.moves.draws), len(env.moves.draws) + 1, env.moves.accept
    questions = env.questions
    context = questions.roots[11]
    first = seen()
    assert {name for name, value in first.items() if value} == {"at read", "left", "price"}
    assert first["price"] == pytest.approx(price_code(0.1))
    one = seen(small)
    assert one["at read"] == one["model 0"] == one["largest group"] == one["distinct answers"] == 1
    three = seen(draw)
    assert three["samples"] == pytest.approx(np.log(4) / np.log(13))
    assert three["largest group"] == questions.agreement[0][context, 0, 2, 0]
    switched = seen(large)
    leads = [questions.agreement[0][context, model, level, -1] for model, level in ((0, 2), (1, 0))]
    assert switched["same leader"] == float(leads[0] == leads[1])
    assert switched["gave up model 0"] == switched["model 1"] == 1
    assert switched["spent"] > three["spent"]
    later = seen(accept)
    assert later["at plan"] == later["read model"] == 1
    assert later["read samples"] == pytest.approx(np.log(2) / np.log(13))
    assert later["read largest group"] == 1
    assert later["gave up model 0"] == later["same leader"] == later["samples"] == 0


def test_whether_the_leaders_agree_is_seen_both_ways() -> None:
    env = toy_per_query_vector(40, share=1.0)
    env.reset(seed=0, options={"example": np.arange(40)})
    env.step(np.full(40, len(env.moves.draws)))
    observations = env.step(np.full(40, len(env.moves.draws) + 1))[0]
    shares = observations[:, env.observation_names.index("same leader")]
    assert 0 < shares.sum() < 40


def test_policies_cannot_see_which_answers_are_right() -> None:
    questions = toy_questions()
    # Right and shared answers change their names everywhere: nothing that is seen changes.
    swapped = dataclasses.replace(
        questions,
        stages=tuple(
            dataclasses.replace(
                stage, answers=np.where(stage.answers < 2, 1 - stage.answers, stage.answers).astype(np.int32)
            )
            for stage in questions.stages
        ),
    )
    one, two = toy_per_query_vector(8, questions), toy_per_query_vector(8, swapped)
    assert_same(one.reset(seed=0), two.reset(seed=0))
    rng = np.random.default_rng(0)
    for _ in range(100):
        masks = one.action_masks()
        actions = (rng.random(masks.shape) * masks).argmax(axis=1)
        assert_same(one.step(actions), two.step(actions))


def test_sequential_order_asks_every_question_in_turn() -> None:
    env = toy_per_query_vector(8, order="sequential", autoreset_mode="SameStep")
    asked = [[number] for number in env.reset(seed=0)[1]["example"].tolist()]
    while min(map(len, asked)) < 7:
        _, _, ended, _, infos = env.step(env.action_space.sample())
        for lane in np.flatnonzero(ended):
            asked[lane].append(int(infos["example"][lane]))
    assert [numbers[:7] for numbers in asked] == [[(lane + 8 * k) % 40 for k in range(7)] for lane in range(8)]


def test_random_order_is_uniform_and_goes_on_without_a_seed() -> None:
    env = toy_per_query_vector(2000)
    first = env.reset(seed=5)[1]["example"]
    assert np.bincount(first, minlength=40).min() > 20
    second = env.reset()[1]["example"]
    assert (first != second).mean() > 0.9
    again = toy_per_query_vector(2000)
    assert again.reset(seed=5)[1]["example"].tolist() == first.tolist()
    assert again.reset()[1]["example"].tolist() == second.tolist()
    unseeded = [toy_per_query_vector(2000).reset()[1]["example"].tolist() for _ in range(2)]
    assert unseeded[0] != unseeded[1]


def test_prices() -> None:
    fixed = toy_per_query_vector(3, price=0.2)
    assert fixed.reset(seed=0)[1]["price"].tolist() == [0.2] * 3
    assert fixed.reset(options={"price": np.array([0.1, 0.0, 3.0])})[1]["price"].tolist() == [0.1, 0.0, 3.0]
    assert fixed.reset()[1]["price"].tolist() == [0.2] * 3
    drawn = toy_per_query_vector(4000, price=(0.1, 10)).reset(seed=0)[1]["price"]
    assert np.log10(drawn).mean() == pytest.approx(0, abs=0.05)
    assert price_code([0.0, 1e-4, 1.0, 1e9]).tolist() == [-1, -1, 0, 1]
    free = toy_per_query_vector(1, price=0)
    free.reset(seed=0)
    assert free.step(np.array([5]))[1].tolist() == [0.0]


def test_a_reset_mask_restarts_some() -> None:
    env = toy_per_query_vector(3)
    with pytest.raises(gym.error.ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False, False])})
    with pytest.raises(gym.error.ResetNeeded):
        env.step(np.array([5, 5, 5]))
    _, before = env.reset(seed=0)
    env.step(np.array([5, 5, 5]))
    _, infos = env.reset(options={"reset_mask": np.array([True, False, True])})
    assert infos["_example"].tolist() == [True, False, True]
    assert env.action_masks()[:, 0].tolist() == [False, True, False]
    assert env.step(np.array([5, 0, 5]))[4]["example"][1] == before["example"][1]


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([5.0, 5.0], "actions must be 2 integers below 8"),
        ([5], "actions must be 2 integers below 8"),
        ([5, 8], r"must lie in \[0, 8\), but sub-environment 1 got 8"),
        ([-1, 5], "sub-environment 0 got -1"),
        ([5, 7], r"at stage 'read' sub-environment 1 got 7 \(accept\), for which there is no sample"),
        ([2, 5], r"sub-environment 0 got 2 \(draw 4 levels further\)"),
    ],
)
def test_wrong_actions_are_errors_and_change_nothing(actions: list[float], message: str) -> None:
    env = toy_per_query_vector(2)
    env.reset(seed=0)
    with pytest.raises(InvalidInputError, match=message):
        env.step(np.array(actions))
    assert (env.action_masks() == env.action_masks()[:1]).all()
    assert env.step(np.array([5, 5]))[4]["cost"].min() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"example": 40}, r"`example` must be an integer in \[0, 40\)"),
        ({"example": 0.5}, "`example` must be an integer"),
        ({"example": [1, 2, 3]}, "one for each of 2"),
        ({"price": -1}, "`price` must be finite and >= 0"),
        ({"price": float("nan")}, "`price` must be finite"),
        ({"budget": 3}, "options of a reset are example, price, reset_mask, but got 'budget'"),
        ({"reset_mask": [True, False]}, "`reset_mask` must be 2 booleans"),
    ],
)
def test_wrong_reset_options_are_errors(options: dict[str, Any], message: str) -> None:
    env = toy_per_query_vector(2)
    env.reset(seed=0)
    with pytest.raises(InvalidInputError, match=message):
        env.reset(options=options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_envs": 0}, "`num_envs` must be >= 1"),
        ({"order": "shuffled"}, "`order` must be one of"),
        ({"price": -0.1}, "`price` must be a number >= 0"),
        ({"price": (1, 0.5)}, "`price` must be"),
        ({"price": (0, 0.5)}, "a lowest one > 0"),
        ({"price": (1, 2, 3)}, "`price` must be"),
        ({"draws": (2, 1)}, "`draws` must be ascending"),
    ],
)
def test_wrong_options_are_errors(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        toy_per_query_vector(options.pop("num_envs", 1), **options)


def test_questions_and_problem_must_fit() -> None:
    with pytest.raises(InvalidInputError, match="the problem must be of the questions' task and levels"):
        PerQueryVectorEnv(toy_questions(), problem_of(toy_questions(levels=(1, 2))))
    env = toy_per_query_vector(3)
    with pytest.raises(InvalidInputError, match="need a seed for each of 3"):
        env.reset(seed=[1, 2])


def test_pickled_environments_go_on_alike() -> None:
    env = toy_per_query_vector(4)
    env.reset(seed=0)
    env.step(np.array([5, 6, 5, 6]))
    twin = pickle.loads(pickle.dumps(env))
    actions = env.action_masks().argmax(axis=1)
    assert_same(env.step(actions), twin.step(actions))
    assert "backend=simulated" in repr(twin)
    twin.action_space.seed(0)
    for _ in range(5):  # its samples are still allowed
        twin.step(twin.action_space.sample())
