"""The per-query problem on recorded samples of a real model: few questions, and nothing simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agenttts_env.baselines.rl.policy import TrainedPolicy, choose
from agenttts_env.building import build_replay
from agenttts_env.experiments.rl_study.per_query import NEAR, PRICES, Floats, Point, margin_rule
from agenttts_env.experiments.rl_study.trainings import Training
from agenttts_env.observation import Observation
from agenttts_env.per_query import PerQueryVectorEnv, Questions, StaticFront, per_query_data, play
from agenttts_env.problem import Problem
from agenttts_env.replay_oracle import ReplayOracle

TASK = "fictional-qa"


@dataclass(frozen=True)
class RecordedFindings:
    """Policies trained on a recorded search split, judged on its test split.

    Attributes:
        backend: whose samples were recorded.
        questions: of the test split.
        best_static: test score of the allocation that is best on the search split, and its cost as a share of the
            budget.
        points: of each policy, at the price that was chosen on the search split.
        costs: of these points, as shares of the budget.
        rule: of the margin rule that was chosen likewise.
    """

    backend: str
    questions: int
    best_static: tuple[float, float]
    points: tuple[Point, ...]
    costs: Floats
    rule: Point


def recorded_findings(trainings: Sequence[Training], out: Path) -> RecordedFindings:
    """Judge policies on what was recorded.

    Args:
        trainings: of :data:`TASK`, finished.
        out: folder of the study.
    """
    table = build_replay(TASK)
    (choosing, problem), (judging, _) = (
        per_query_data(TASK, backend="replay", split=split) for split in ("search", "test")
    )
    front = StaticFront.of(ReplayOracle(problem, table, "search"))
    judged_by = front.measured(judging)
    best = front.allocations[-1]
    target = (1 - NEAR) * best.score
    points = []
    for training in trainings:
        policy = TrainedPolicy.load(training.folder(out))
        reached = np.array([_play(policy, choosing, problem, price) for price in PRICES])
        near = np.flatnonzero(reached[:, 1] >= target)
        chosen = near[reached[near, 0].argmin()] if near.size else reached[:, 1].argmax()
        cost, score = _play(policy, judging, problem, PRICES[int(chosen)])
        points.append(Point.of(cost, score, judged_by))
    rule, _ = margin_rule(choosing, judging, problem, target, judged_by)
    return RecordedFindings(
        table.backend,
        len(judging),
        (float(judging.measure(best.allocation).mean()), best.cost / problem.budget),
        tuple(points),
        np.array([point.cost for point in points]) / problem.budget,
        rule,
    )


def _play(policy: TrainedPolicy, questions: Questions, problem: Problem, price: float) -> tuple[float, float]:
    """Mean cost and score over all questions."""
    envs = PerQueryVectorEnv(questions, problem, num_envs=len(questions))

    def act(observations: Observation, masks: object) -> object:
        probabilities, _ = policy.probabilities(observations, np.asarray(masks), None)
        return choose(probabilities, envs.single_action_space)

    played = play(envs, act, price=price)  # type: ignore[arg-type]
    return played.cost, played.score
