"""The best recorded allocation is the one that replaying every allocation finds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from recordings import LEVELS, SEARCH, TEST, counting_task, recorded

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.problem import Problem
from agenttts_env.replay_oracle import ReplayOracle


@pytest.mark.parametrize(("stages", "fusion"), [(2, "vote"), (3, "llm")])
@pytest.mark.parametrize("split", ["search", "test"])
def test_every_score_is_what_replay_says(stages: int, fusion: str, split: str) -> None:
    table = recorded(stages, fusion)
    problem = Problem.of(table.task, budget=60.0, levels=LEVELS)
    oracle, evaluator = ReplayOracle(problem, table, split), ReplayEvaluator(table, split)
    found = {}
    for choices in product(product(("small", "large"), LEVELS), repeat=stages):
        allocation = Allocation.of(*choices)
        evaluation, valued = evaluator.evaluate(allocation, "all"), oracle.value(allocation)
        assert valued.score == pytest.approx(evaluation.mean("right"), abs=1e-14)
        assert valued.standard_error(oracle.examples or 0) == pytest.approx(evaluation.standard_error("right"))
        if problem.is_feasible(allocation):
            found[allocation] = evaluation.mean("right"), -problem.cost_of(allocation)
    best = oracle.best()
    assert 1 < len(found) == problem.count() < oracle.scores.size
    assert (best.score, -best.cost) == pytest.approx(max(found.values()))
    assert len(set(found.values())) > 3


def test_the_answer_says_what_it_is_a_mean_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path))
    table = recorded()
    problem = Problem.of(table.task, budget=100.0, levels=(1, 5))
    result = ReplayOracle(problem, table).result()
    assert (result.backend, result.error, result.examples) == ("replay", 0.0, len(SEARCH))
    assert result.allocations == 16
    assert ReplayOracle(problem, table, "test").result().examples == len(TEST)
    assert ReplayOracle(problem, table, examples=1).result().best.deviation == 0.0
    scripted = replace(table, provenance=replace(table.provenance, engine="scripted"))
    assert ReplayOracle(problem, scripted).result().backend == "scripted replay"
    assert len(list((tmp_path / "oracle").iterdir())) == 4
    again = ReplayOracle(problem, table)
    assert again.result() == result
    assert "scores" not in vars(again)


def test_what_was_not_recorded_is_refused() -> None:
    table = recorded()
    with pytest.raises(InvalidInputError, match="recorded numbers of samples are 1, 2, 3, 5, but the levels have 4"):
        ReplayOracle(Problem.of(table.task, levels=(1, 4)), table)
    warm = table.task.with_stages(temperatures={"read": 0.1})
    for task in (warm, counting_task(3, "vote"), replace(table.task, metrics=("near", "right"))):
        with pytest.raises(InvalidInputError, match="must be those of the recorded task 'counting'"):
            ReplayOracle(Problem.of(task, levels=LEVELS), table)
    problem = Problem.of(table.task, levels=LEVELS)
    with pytest.raises(InvalidInputError, match=f"{len(TEST)} examples in the test split, but got 3"):
        ReplayOracle(problem, table, "test", examples=3)
    with pytest.raises(InvalidInputError, match="needs an example, but the test split"):
        ReplayOracle(problem, table, "test", examples=0)
