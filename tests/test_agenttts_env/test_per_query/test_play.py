"""Playing a policy on given questions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from questions import toy_per_query, toy_per_query_vector

from agenttts_env.errors import InvalidInputError
from agenttts_env.per_query import play
from agenttts_env.per_query.view import price_code


def first_allowed(observations: np.ndarray, masks: np.ndarray) -> Any:
    return masks.argmax(axis=1)


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("num_envs", [1, 7, 64])
def test_it_plays_each_question_once_whatever_the_environment(mode: str, num_envs: int) -> None:
    single = toy_per_query()
    examples = [3, 3, 0, 39, 17, 8, 22, 1, 5]
    expected = []
    for example in examples:
        single.reset(seed=0, options={"example": example, "price": 0.5})
        done, steps = False, 0
        while not done:
            _, _, done, _, info = single.step(np.int64(single.action_masks().argmax()))
            steps += 1
        expected.append((info["score"], info["cost"], steps))
    played = play(toy_per_query_vector(num_envs, autoreset_mode=mode), first_allowed, examples=examples, price=0.5)
    assert list(zip(played.scores, played.costs, played.steps, strict=True)) == expected
    assert played.score == pytest.approx(np.mean([score for score, _, _ in expected]))
    assert played.cost == pytest.approx(np.mean([cost for _, cost, _ in expected]))


def test_all_questions_by_default_and_the_price_is_told() -> None:
    env, told = toy_per_query_vector(16), set()
    column = env.observation_names.index("price")

    def policy(observations: np.ndarray, masks: np.ndarray) -> Any:
        told.update(observations[:, column].tolist())
        return masks.argmax(axis=1)

    played = play(env, policy, price=0.125)
    assert [len(array) for array in dataclasses.astuple(played)] == [40, 40, 40]
    assert told == {float(np.float32(price_code(0.125)))}
    assert 0 < played.score < 1


def test_what_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="needs an autoreset"):
        play(toy_per_query_vector(2, autoreset_mode="Disabled"), first_allowed)
    with pytest.raises(InvalidInputError, match="at least one example to play"):
        play(toy_per_query_vector(2), first_allowed, examples=[])
    with pytest.raises(InvalidInputError, match="action_masks"):
        play(toy_per_query_vector(2), lambda observations, masks: masks.argmin(axis=1))
