"""The per-query problem: a policy's score and cost beside the static allocations and the margin rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agenttts_env.baselines.rl.evaluation import evaluate_per_query
from agenttts_env.baselines.rl.policy import TrainedPolicy
from agenttts_env.building import build_simulated
from agenttts_env.experiments.rl_study.trainings import Training, env_id, read_curve, read_seconds
from agenttts_env.oracle import Oracle
from agenttts_env.per_query import PRICE, MarginTables, Moves, Questions, StaticFront, margin_grid, per_query_data
from agenttts_env.problem import Problem

Floats = npt.NDArray[np.float64]

PRICES = tuple(np.geomspace(*PRICE, 9).round(4).tolist())
"""At which policies are asked, over the range that they were trained for."""

CHOOSING, JUDGING = range(20_000, 20_008), range(30_000, 30_008)
"""Data seeds of the questions by which a price (or a rule) is chosen, and of those by which it is judged."""

QUESTIONS = 2000
NEAR = 0.01
"""An operating point scores at most this share less than the best static allocation, where a policy gets there."""


@dataclass(frozen=True)
class Point:
    """What something reaches on the questions that judge.

    Attributes:
        score: mean.
        cost: mean, per question.
        static_cost: of the cheapest static allocation that scores as much on these questions; of the best one if none
            does.
        beyond: whether none does.
    """

    score: float
    cost: float
    static_cost: float
    beyond: bool

    @classmethod
    def of(cls, cost: float, score: float, static: StaticFront) -> Point:
        """What was reached, beside the static allocations on the same questions."""
        best = static.allocations[-1]
        beyond = score > best.score
        return cls(score, cost, best.cost if beyond else static.cost_of(score), beyond)

    @property
    def saving(self) -> float:
        """Share of the static allocation's compute that is saved; a lower bound where none scores as much."""
        return 1.0 - self.cost / self.static_cost


@dataclass(frozen=True)
class PerQueryFindings:
    """A task's policies, one for each seed.

    Attributes:
        task: its name.
        budget: the most that a question may cost.
        unit: of costs.
        static: (cost, score) of the static allocations that no cheaper one matches, on the questions that judge.
        best_static: the highest of these scores.
        curves_at: for each seed and price (cost, score) on the questions that judge; shape (seeds, prices, 2).
        points: the operating point of each seed.
        rule: the margin rule that was chosen on the other questions, and what it reaches.
        rule_text: which one.
        steps: at which the policies were evaluated.
        returns: held-out return of each policy then, shape (seeds, evaluations).
        seconds: of each training, shape (seeds,).
    """

    task: str
    budget: float
    unit: str
    static: tuple[tuple[float, float], ...]
    best_static: float
    curves_at: Floats
    points: tuple[Point, ...]
    rule: Point
    rule_text: str
    steps: npt.NDArray[np.int64]
    returns: Floats
    seconds: Floats

    @property
    def savings(self) -> Floats:
        """Of each seed's policy, at its operating point."""
        return np.array([point.saving for point in self.points])


def per_query_findings(trainings: Sequence[Training], out: Path) -> PerQueryFindings:
    """Evaluate a task's policies on questions that none of them has seen.

    The operating point, a price, is chosen on some questions and judged on others: the cheapest one that scores within
    1% of the best static allocation there, or else the one with the highest score.

    Args:
        trainings: of one task, finished.
        out: folder of the study.
    """
    task = trainings[0].task
    (choosing, problem), (judging, _) = (per_query_data(task, data_seeds=seeds) for seeds in (CHOOSING, JUDGING))
    front = static_front(task, problem)
    chosen_from, judged_by = front.measured(choosing), front.measured(judging)
    target = (1 - NEAR) * max(valued.score for valued in chosen_from.allocations)
    curves, points = [], []
    for training in trainings:
        policy = TrainedPolicy.load(training.folder(out))
        first, second = (_play(policy, task, seeds) for seeds in (CHOOSING, JUDGING))
        curves.append(second)
        cost, score = second[_operating(first, target)].tolist()
        points.append(Point.of(cost, score, judged_by))
    rule, text = margin_rule(choosing, judging, problem, target, judged_by)
    evaluated = [read_curve(each.folder(out)) for each in trainings]
    return PerQueryFindings(
        task,
        problem.budget,
        problem.cost.unit,
        tuple((valued.cost, valued.score) for valued in judged_by.allocations),
        max(valued.score for valued in judged_by.allocations),
        np.stack(curves),
        tuple(points),
        rule,
        text,
        np.array([each["step"] for each in evaluated[0]]),
        np.array([[each["mean"] for each in curve] for curve in evaluated]),
        np.array([read_seconds(each.folder(out)) for each in trainings]),
    )


def static_front(task: str, problem: Problem) -> StaticFront:
    """The static allocations of a simulated task that no cheaper one matches, by expected score."""
    return StaticFront.of(Oracle(problem, build_simulated(task)[1]))


def margin_rule(
    choosing: Questions, judging: Questions, problem: Problem, target: float, judged_by: StaticFront
) -> tuple[Point, str]:
    """The cheapest margin rule of the grid that reaches a score on some questions, judged on others."""
    moves = Moves(problem)
    front = MarginTables(choosing, moves).front(margin_grid(moves))
    reaching = [result for result in front if result.score >= target]
    result = min(reaching, key=lambda each: each.cost) if reaching else max(front, key=lambda each: each.score)
    played = MarginTables(judging, moves).measure(result.rule)
    return Point.of(played.cost, played.score, judged_by), str(result.rule)


def _play(policy: TrainedPolicy, task: str, seeds: Sequence[int]) -> Floats:
    """(cost, score) at each price, shape (prices, 2)."""
    options: Mapping[str, Any] = {"data_seeds": list(seeds)}
    found = evaluate_per_query(policy, env_id("per-query", task), options, prices=PRICES, questions=QUESTIONS)
    return np.array([(each.cost, each.score) for each in found])


def _operating(curve: Floats, target: float) -> int:
    near = np.flatnonzero(curve[:, 1] >= target)
    return int(near[curve[near, 0].argmin()] if near.size else curve[:, 1].argmax())
