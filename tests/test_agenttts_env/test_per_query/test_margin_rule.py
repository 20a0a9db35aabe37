"""The classic rule: looked up it reaches what it reaches when it is played."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import hand_made, problem_of, replayed_questions, toy_per_query_vector, toy_questions

from agenttts_env.errors import InvalidInputError
from agenttts_env.per_query import (
    MarginRule,
    MarginTables,
    Moves,
    PerQueryVectorEnv,
    StageMargin,
    margin_grid,
    per_query_problem,
    play,
)
from agenttts_env.per_query.margin_rule import RuleResult, rule_front


def margins(levels: tuple[int, ...]) -> st.SearchStrategy[StageMargin]:
    return st.builds(
        lambda model, cap, lead, back: StageMargin(model, cap, lead, 1 - model if back else None),
        st.sampled_from([0, 1]), st.sampled_from(levels), st.integers(1, 4), st.booleans(),
    )  # fmt: skip


@pytest.mark.parametrize("backend", [toy_questions, replayed_questions])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_looked_up_is_played(backend: Any, data: st.DataObject) -> None:
    questions = backend()
    rule = MarginRule(tuple(data.draw(st.lists(margins(questions.levels), min_size=3, max_size=3))))
    env = toy_per_query_vector(16, questions, share=3.0)
    looked_up, played = MarginTables(questions, env.moves).measure(rule), play(env, rule.policy(env))
    assert looked_up.scores.tolist() == played.scores.tolist()
    assert looked_up.costs == pytest.approx(played.costs, rel=1e-12)
    assert looked_up.steps.tolist() == played.steps.tolist()
    dearest = sum(MarginTables.dearest(env.moves, stage, margin) for stage, margin in enumerate(rule.stages))
    assert played.costs.max() <= dearest * (1 + 1e-12)


def test_a_table_made_by_hand() -> None:
    questions = hand_made()
    problem = per_query_problem(questions.task, budget=1e15, levels=questions.levels)
    tables = MarginTables(questions, Moves(problem))
    small, large = problem.cost_tables[0]

    def reached(margin: StageMargin) -> tuple[list[float], list[float], list[int]]:
        played = tables.measure(MarginRule((margin,)))
        return played.scores.tolist(), played.costs.tolist(), played.steps.tolist()

    # 7 7 leads by two at once; 1 2 2 2 leads by two after four samples.
    assert reached(StageMargin(0, 4, 2)) == ([1, 1], [small[1], small[3]], [3, 5])
    assert reached(StageMargin(0, 2, 2)) == ([1, 0], [small[1], small[1]], [3, 3])
    assert reached(StageMargin(0, 1)) == ([1, 0], [small[0], small[0]], [2, 2])
    # No lead of two after two samples: a sample of the other model instead, and both samples paid.
    assert reached(StageMargin(0, 2, 2, then=1)) == ([1, 1], [small[1], small[1] + large[0]], [3, 4])
    # A sample without an answer leads by nothing: 2 -1 2 leads by two after three samples.
    assert reached(StageMargin(1, 4, 2)) == ([1, 1], [large[1], large[2]], [3, 4])


def test_the_front_is_what_all_rules_reach() -> None:
    questions = toy_questions()
    moves = Moves(problem_of(questions, 0.2))
    tables = MarginTables(questions, moves)
    grid = margin_grid(moves, leads=(2,), caps=(1, 3, 8))
    front = tables.front(grid)
    everything = []
    for one in grid[0]:
        for two in grid[1]:
            for three in grid[2]:
                rule = MarginRule((one, two, three))
                if sum(tables.dearest(moves, s, m) for s, m in enumerate(rule.stages)) <= moves.problem.budget:
                    played = tables.measure(rule)
                    everything.append(RuleResult(rule, played.score, played.cost))
    assert 100 < len(everything) < len(grid[0]) * len(grid[1]) * len(grid[2])
    expected = rule_front(everything)
    assert [result.score for result in front] == [result.score for result in expected]
    assert [result.cost for result in front] == pytest.approx([result.cost for result in expected], rel=1e-12)
    assert len(front) > 5
    assert all(a.score < b.score and a.cost < b.cost for a, b in pairwise(front))


def test_a_front_made_by_hand() -> None:
    rule = MarginRule(())
    points = [(0.5, 2.0), (0.4, 1.0), (0.5, 3.0), (0.3, 1.5), (0.6, 2.5), (0.4, 1.0)]
    front = rule_front(RuleResult(rule, score, cost) for score, cost in points)
    assert [(result.score, result.cost) for result in front] == [(0.4, 1.0), (0.5, 2.0), (0.6, 2.5)]


def test_the_grid_offers_what_is_on_offer() -> None:
    grid = margin_grid(Moves(problem_of(toy_questions())), leads=(2, 3), caps=(1, 2, 5, 99))
    assert len(grid) == 3
    assert {margin.cap for margin in grid[0]} == {1, 2, 5}
    assert {(margin.model, margin.then) for margin in grid[0]} == {(0, None), (0, 1), (1, None)}
    assert len(set(grid[0])) == len(grid[0])
    plain = margin_grid(Moves(problem_of(toy_questions())), fall_back=False)
    assert {margin.then for margin in plain[0]} == {None}


def test_what_is_refused() -> None:
    questions = toy_questions()
    rule = MarginRule((StageMargin(1, 12, 2),) * 3)
    env = toy_per_query_vector(2, share=0.2)
    with pytest.raises(InvalidInputError, match="the budget must pay for the rule's dearest case"):
        rule.policy(env)
    sparse = PerQueryVectorEnv(questions, problem_of(questions, 3.0), draws=(2, 4))
    with pytest.raises(InvalidInputError, match="a margin rule draws level by level"):
        rule.policy(sparse)
    tables = MarginTables(questions, env.moves)
    for margin in (StageMargin(2, 1), StageMargin(0, 13), StageMargin(0, 2, 0), StageMargin(0, 2, then=0)):
        with pytest.raises(InvalidInputError, match="rule"):
            tables.measure(MarginRule((margin,) * 3))


def test_a_rule_in_words() -> None:
    rule = MarginRule((StageMargin(2, 1), StageMargin(0, 12, 3, then=1)))
    assert str(rule) == "model 2 x1 + model 0 x12 or lead 3, else model 1"
    assert np.array(rule.stages, dtype=object).shape == (2,)
