"""What samples have in common, beside a written-out reference."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from questions import replayed_questions, toy_questions

from agenttts_env.per_query.agreement import AGREEMENT, LENGTH_LIMIT, agreement

POOLS = st.lists(st.lists(st.integers(-1, 5), min_size=9, max_size=9), min_size=1, max_size=4)


def reference(answers: list[int], lengths: list[float] | None) -> list[float]:
    """The features of all these samples."""
    samples, stated = len(answers), [answer for answer in answers if answer >= 0]
    sizes = [*sorted(Counter(stated).values(), reverse=True), 0, 0]
    entropy = -sum(size / len(stated) * math.log(size / len(stated)) for size in sizes if size)
    leader, largest = -1, 0
    for number, answer in enumerate(answers):
        if answer >= 0 and answers[: number + 1].count(answer) > largest:
            leader, largest = answer, answers[: number + 1].count(answer)
    return [
        sizes[0] / samples,
        sizes[1] / samples,
        len(set(stated)) / samples,
        entropy / math.log(samples) if samples > 1 else 0.0,
        answers.count(-1) / samples,
        min(sum(lengths) / samples, LENGTH_LIMIT) if lengths else 0.0,
        leader,
    ]


@given(pools=POOLS, levels=st.lists(st.integers(1, 9), min_size=1, unique=True).map(sorted), known=st.booleans())
def test_the_features_are_those_of_the_reference(pools: list[list[int]], levels: list[int], known: bool) -> None:
    lengths = np.abs(np.array(pools)) * 1.5 if known else None
    found = agreement(np.array(pools), levels, lengths)
    assert found.shape == (len(pools), len(levels), len(AGREEMENT))
    for row, pool in enumerate(pools):
        for column, level in enumerate(levels):
            tokens = None if lengths is None else lengths[row, :level].tolist()
            assert found[row, column].tolist() == pytest.approx(reference(pool[:level], tokens), abs=1e-6)


@given(pools=POOLS, renamed=st.permutations(range(6)))
def test_names_of_answers_do_not_matter(pools: list[list[int]], renamed: list[int]) -> None:
    answers = np.array(pools)
    other = np.where(answers >= 0, np.array([*renamed, -1])[answers], -1)
    one, two = agreement(answers, range(1, 10)), agreement(other, range(1, 10))
    assert (one[..., :-1] == two[..., :-1]).all()
    leaders = one[..., -1].astype(int)
    assert (np.where(leaders >= 0, np.array([*renamed, -1])[leaders], -1) == two[..., -1]).all()


def test_questions_keep_them_by_context_model_and_level() -> None:
    for questions in (toy_questions(), replayed_questions()):
        for stage, features in zip(questions.stages, questions.agreement, strict=True):
            assert features.shape == (*stage.following.shape, len(AGREEMENT))
            context, model, level = len(stage.answers) // 2, 1, len(questions.levels) - 2
            samples = questions.levels[level]
            tokens = None if stage.lengths is None else stage.lengths[context, model, :samples].tolist()
            expected = reference(stage.answers[context, model, :samples].tolist(), tokens)
            assert features[context, model, level].tolist() == pytest.approx(expected, abs=1e-6)
