"""Questions have what static allocations score, question by question, on both backends."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import toy_landscape
from questions import TOY_LEVELS, hand_made, replayed_questions, toy_questions
from recordings import LEVELS, recorded
from simulations import toy_task

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.per_query import Questions, recorded_questions, simulated_questions
from agenttts_env.simulation.landscape import OUTCOMES, SCATTERED


def allocations(levels: tuple[int, ...], stages: int = 3) -> st.SearchStrategy[Allocation]:
    choice = st.tuples(st.sampled_from(["small", "large"]), st.sampled_from(levels))
    return st.lists(choice, min_size=stages, max_size=stages).map(lambda choices: Allocation.of(*choices))


@settings(max_examples=25)
@given(allocation=allocations(TOY_LEVELS), split=st.sampled_from(["search", "test"]))
def test_simulated_questions_score_what_the_evaluator_says(allocation: Allocation, split: str) -> None:
    questions = simulated_questions(
        toy_task(),
        toy_landscape(),
        seeds=(3, 5),
        split=split,
        examples=20,
        levels=TOY_LEVELS,  # type: ignore[arg-type]
    )
    scores = []
    for seed in (3, 5):
        evaluator = SimulatedEvaluator(toy_task(), toy_landscape(), seed=seed, split=split, examples=20)  # type: ignore[arg-type]
        scores += evaluator.evaluate(allocation, "").scores["quality"]
    assert questions.measure(allocation).tolist() == scores


@pytest.mark.parametrize("split", ["search", "test"])
@pytest.mark.parametrize(("stages", "fusion"), [(2, "vote"), (3, "llm")])
@settings(max_examples=15)
@given(data=st.data())
def test_recorded_questions_score_what_the_evaluator_says(
    stages: int, fusion: str, split: str, data: st.DataObject
) -> None:
    allocation = data.draw(allocations(LEVELS, stages))
    questions = recorded_questions(recorded(stages, fusion), split=split)  # type: ignore[arg-type]
    evaluation = ReplayEvaluator(recorded(stages, fusion), split).evaluate(allocation, "")
    assert tuple(questions.measure(allocation).tolist()) == evaluation.scores["right"]
    assert questions.backend == recorded(stages, fusion).backend


def test_simulated_answers_agree_as_their_outcomes_do_and_do_not_tell_which_are_right() -> None:
    questions = toy_questions()
    first, second = questions.stages[0].answers, questions.stages[1].answers
    assert first.shape == (40, 2, 12)
    assert second.shape == (40 * len(OUTCOMES), 2, 12)
    scattered = second[second > 1]
    assert scattered.size > 100
    for context in second:  # nobody shares a scattered answer, within a model or across models
        own = context[context > 1]
        assert len(set(own.tolist())) == own.size
    assert (questions.stages[1].following % len(OUTCOMES) == SCATTERED).any()


def test_levels_and_examples_of_a_table_may_be_fewer() -> None:
    questions = recorded_questions(recorded(), examples=2, levels=(1, 3))
    assert (len(questions), questions.levels) == (2, (1, 3))
    allocation = Allocation.of(("small", 3), ("large", 1))
    assert questions.measure(allocation).tolist() == recorded_questions(recorded()).measure(allocation)[:2].tolist()
    tokens = replayed_questions(2).stages[0].lengths
    assert tokens is not None
    pools = recorded(2, "llm").stages[0]
    assert tokens[1, 1, 2] == np.float32(pools.samples.decode_tokens[pools.pools[1, 1], 2] / 64)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": (1, 4)}, "among those recorded, 1, 2, 3, 5, but have 4"),
        ({"examples": 9}, "6 examples in the search split, but got 9"),
        ({"examples": 0}, "at least one question"),
    ],
)
def test_a_table_has_only_what_was_recorded(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        recorded_questions(recorded(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": ()}, "`data_seeds` must name at least one"),
        ({"levels": (1, 101)}, "at most 100 samples"),
        ({"levels": (2, 1)}, "ascending"),
        ({"examples": 0}, "`examples` must be >= 1"),
    ],
)
def test_simulated_options_are_checked(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        simulated_questions(toy_task(), toy_landscape(), **changes)  # type: ignore[arg-type]


def test_arrays_must_fit_each_other() -> None:
    questions = hand_made()
    (stage,) = questions.stages
    for stages, message in (
        ((dataclasses.replace(stage, answers=stage.answers[:, :, :3]),), "needs answers and following contexts"),
        ((dataclasses.replace(stage, following=stage.following + 1),), r"must lie in \[0, 2\)"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            dataclasses.replace(questions, stages=stages)
    with pytest.raises(InvalidInputError, match=r"contexts of 'roots' must lie in \[0, 2\)"):
        dataclasses.replace(questions, roots=questions.roots + 1)
    with pytest.raises(InvalidInputError, match="one of the levels"):
        questions.measure(Allocation.of(("small", 5)))
    assert isinstance(questions, Questions)
