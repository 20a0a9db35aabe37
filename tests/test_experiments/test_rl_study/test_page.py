"""What the page of the study says follows from its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agenttts_env.experiments.rl_study.intervals import interval
from agenttts_env.experiments.rl_study.page import (
    learnt_verdict,
    mixture_verdict,
    per_query_section,
    per_query_verdict,
    stagewise_section,
    stagewise_verdict,
    table,
)
from agenttts_env.experiments.rl_study.per_query import PerQueryFindings, Point
from agenttts_env.experiments.rl_study.recorded import RecordedFindings
from agenttts_env.experiments.rl_study.stagewise import StagewiseFindings
from agenttts_env.per_query import StaticFront
from agenttts_env.surface import Valued

STAGEWISE = StagewiseFindings(
    task="cwq",
    budgets=np.array([10.0, 20.0]),
    best=np.array([0.5, 0.8]),
    offered=np.array([0.5, 0.79]),
    learnt=np.array([[0.5, 0.792], [0.49, 0.8]]),
    bandit=np.array([[0.45, 0.7], [0.45, 0.7]]),
    random=np.array([0.3, 0.4]),
    chosen=("a x1", "a x2", "a x3"),
    steps=np.array([0, 10]),
    curves=np.array([[0.3, 0.6], [0.3, 0.6]]),
    seconds=np.array([20.0, 30.0]),
)
POINT = Point(score=0.7, cost=60.0, static_cost=100.0, beyond=False)
PER_QUERY = PerQueryFindings(
    task="cwq",
    budget=200.0,
    unit="FLOPs",
    static=((50.0, 0.6), (100.0, 0.7)),
    best_static=0.7,
    curves_at=np.array([[[60.0, 0.7]], [[80.0, 0.7]]]),
    points=(POINT, replace(POINT, cost=80.0)),
    rule=replace(POINT, cost=90.0),
    rule_text="rule",
    steps=np.array([0, 10]),
    returns=np.array([[0.1, 0.2], [0.1, 0.2]]),
    seconds=np.array([60.0, 90.0]),
)


def test_regret_is_the_mean_share_of_the_oracles_score() -> None:
    assert np.allclose(STAGEWISE.regret(STAGEWISE.learnt), [0.005, 0.01])
    assert np.isclose(STAGEWISE.regret(STAGEWISE.random), (0.4 + 0.5) / 2)


def test_targets_of_the_stagewise_problem_are_met_or_missed() -> None:
    assert "is met on every task. No training took longer than 30 s" in stagewise_verdict([STAGEWISE])
    assert "bandit does worse on every task" in stagewise_verdict([STAGEWISE])
    bad = replace(STAGEWISE, task="webqsp", learnt=STAGEWISE.bandit, bandit=STAGEWISE.learnt, seconds=np.array([660.0]))
    verdict = stagewise_verdict([STAGEWISE, bad])
    assert "is met on all tasks but webqsp" in verdict
    assert "10 minutes is missed: the longest training took 11" in verdict
    assert "bandit does better on webqsp" in verdict
    assert "is met on no task" in stagewise_verdict([bad])


def test_targets_of_the_per_query_problem_are_met_or_missed() -> None:
    assert np.allclose(PER_QUERY.savings, [0.4, 0.2])
    assert "is met on every task. No training took longer than 1.5 minutes" in per_query_verdict([PER_QUERY])
    bad = replace(PER_QUERY, task="chatdev", points=(replace(POINT, cost=95.0),))
    verdict = per_query_verdict([PER_QUERY, bad])
    assert "is met on all tasks but chatdev" in verdict
    assert "chatdev saves 5% (the margin rule 10%). So more can be saved there" in verdict
    beyond = replace(bad, points=(replace(POINT, cost=95.0, beyond=True),))
    assert "chatdev saves at least 5%, with scores that no static allocation reaches (the" in per_query_verdict(
        [beyond]
    )
    best = replace(bad, rule=replace(POINT, cost=99.0))
    assert "So more" not in per_query_verdict([best])


def test_what_beats_every_static_allocation_is_held_against_the_best() -> None:
    front = StaticFront([Valued(None, cost, score, 0.1) for cost, score in PER_QUERY.static])  # type: ignore[arg-type]
    assert Point.of(30.0, 0.6, front) == Point(0.6, 30.0, 50.0, beyond=False)
    assert Point.of(75.0, 0.75, front) == Point(0.75, 75.0, 100.0, beyond=True)
    assert Point.of(75.0, 0.75, front).saving == 0.25


def test_the_mixtures_verdict_names_everybody_once() -> None:
    regret = {"policy": 0.5, "random": 1.0, "tpe": 0.4, "init-only": 0.6}
    p_values = {"random": 0.001, "tpe": 0.01, "init-only": 0.3}
    assert mixture_verdict(regret, p_values, ["cwq"]) == (
        "Over all tasks, none of which it has seen, the policy ends better than `random` and worse than `tpe`; from "
        "`init-only` it cannot be told apart (signed-rank, Holm, 5%). By the mean of single tasks it is behind random "
        "search on cwq."
    )
    said = mixture_verdict({"policy": 2.0, "random": 1.0, "tpe": 0.4}, {"random": 0.001, "tpe": 0.01}, [])
    assert "better than nobody and worse than `random` and `tpe`" in said
    assert said.endswith("random search on none.")


def test_what_is_learnt_is_what_the_untrained_policy_lacks() -> None:
    regret = {"policy": 0.5, "untrained": 0.6, "random": 1.0}
    assert learnt_verdict(regret, 0.001) == (
        "The trained policies' regret, 0.50, is below the untrained ones', 0.60 (p 0.001): 80% of the lead over random "
        "search is there before any training."
    )
    assert "0.50, cannot be told from the untrained ones', 0.60 (p 0.400): 80% of" in learnt_verdict(regret, 0.4)
    worse = learnt_verdict({**regret, "policy": 0.7}, 0.01)
    assert "is above" in worse
    assert "100% of the lead" in worse
    assert learnt_verdict({**regret, "policy": 1.1}, 0.01).endswith("(p 0.010).")


def test_sections_are_whole() -> None:
    section = stagewise_section([STAGEWISE], "plots")
    assert "| cwq | 0.8% [-2.4%, 3.9%] | 11.3% [11.3%, 11.3%] | 45.0% | 0.6% | 25 s |" in section
    recorded = RecordedFindings("replay", 50, (0.5, 0.25), (POINT,), np.array([0.3]), POINT)
    section = per_query_section([PER_QUERY], recorded, "plots")
    assert "| cwq | 0.700 | 0.700 | 35% | 30% [-97%, 157%] | 0 of 2 | 10% |" in section
    assert "At equal score they save 40% [40%, 40%] over 1 training seeds" in section
    assert "{" not in section


def test_an_interval_is_students() -> None:
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert np.isclose([low, high], [2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5], atol=1e-4).all()
    assert interval([0.5]) == (0.5, 0.5, 0.5)


def test_a_table_is_markdown() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"
