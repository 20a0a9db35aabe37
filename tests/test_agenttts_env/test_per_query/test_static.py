"""The static yardstick, on points made by hand and on problems."""

from __future__ import annotations

import math

import numpy as np
import pytest
from landscapes import toy_landscape
from questions import hand_made, problem_of, toy_questions
from recordings import recorded

from agenttts_env.allocation import Allocation
from agenttts_env.oracle import Oracle
from agenttts_env.per_query import StaticFront, per_query_problem, recorded_questions
from agenttts_env.replay_oracle import ReplayOracle
from agenttts_env.surface import Valued


def points(*pairs: tuple[float, float]) -> list[Valued]:
    return [Valued(Allocation.of(("m", number + 1)), cost, score, 0.0) for number, (cost, score) in enumerate(pairs)]


FRONT = StaticFront(points((4, 0.6), (1, 0.2), (2, 0.2), (3, 0.3), (6, 0.7), (5, 0.6), (8, 0.75)))


def test_what_a_cheaper_one_matches_is_left_out() -> None:
    assert [(valued.cost, valued.score) for valued in FRONT.allocations] == [
        (1, 0.2), (3, 0.3), (4, 0.6), (6, 0.7), (8, 0.75),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("score", "cost", "mixed"),
    [(0.0, 1, 1), (0.2, 1, 1), (0.25, 3, 1.375), (0.3, 3, 1.75), (0.4, 4, 2.5), (0.6, 4, 4), (0.65, 6, 5),
     (0.7, 6, 6), (0.75, 8, 8), (0.7501, math.inf, math.inf)],
)  # fmt: skip
def test_what_a_score_costs(score: float, cost: float, mixed: float) -> None:
    assert FRONT.cost_of(score) == cost
    assert FRONT.mixed_cost_of(score) == pytest.approx(mixed)


def test_the_hull_leaves_out_what_a_mix_beats() -> None:
    assert [valued.cost for valued in FRONT.hull] == [1, 4, 6, 8]
    line = StaticFront(points((1, 0.25), (2, 0.5), (3, 0.75)))
    assert [valued.cost for valued in line.hull] == [1, 3]
    assert StaticFront(points((1, 0.1))).mixed_cost_of(0.05) == 1


def test_of_a_simulated_problem_and_measured() -> None:
    questions = toy_questions(examples=200)
    problem = problem_of(questions, 0.05)
    front = StaticFront.of(Oracle(problem, toy_landscape()))
    assert len(front.allocations) > 10
    assert max(valued.cost for valued in front.allocations) <= problem.budget
    measured = front.measured(questions)
    asked = {valued.allocation: valued for valued in front.allocations}
    for valued in measured.allocations:
        assert valued.score == questions.measure(valued.allocation).mean()
        assert valued.cost == asked[valued.allocation].cost
        expected = asked[valued.allocation]
        assert abs(valued.score - expected.score) < 5 * expected.deviation / len(questions) ** 0.5
    assert front.cost_of(front.allocations[3].score) == front.allocations[3].cost


def test_of_a_recorded_table() -> None:
    table = recorded(2, "llm")
    problem = per_query_problem(table.task, budget=1e15, levels=table.levels)
    front = StaticFront.of(ReplayOracle(problem, table))
    again = front.measured(recorded_questions(table))
    assert [valued.allocation for valued in again.allocations] == [valued.allocation for valued in front.allocations]
    assert [valued.score for valued in again.allocations] == pytest.approx([v.score for v in front.allocations])


def test_by_hand() -> None:
    questions = hand_made()
    assert questions.measure(Allocation.of(("small", 2))).tolist() == [1, 0]
    assert np.mean(questions.measure(Allocation.of(("small", 3)))) == 1
