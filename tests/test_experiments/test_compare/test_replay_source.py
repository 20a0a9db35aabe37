"""Recorded tables as what a comparison is about."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import LARGE, LEVELS, SEARCH, SMALL, counting_task, live, make_sampler, recorded

from agenttts_env.allocation import Allocation
from agenttts_env.building import find_table
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.replay import ReplayEvaluator
from agenttts_env.experiments.compare.problem import ComparedProblem
from agenttts_env.experiments.compare.replay_source import ReplaySource, drawn, recorded_tables
from agenttts_env.outcome_file import save_table
from agenttts_env.provenance import Provenance
from agenttts_env.recording import record
from agenttts_env.replay_oracle import ReplayOracle


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A small table's file."""
    save_table(recorded(), tmp_path / "counting.npz")
    return str(tmp_path / "counting.npz")


@given(
    st.integers(0, 9), st.integers(1, len(SEARCH)), st.sampled_from([SMALL, LARGE]), st.sampled_from([SMALL, LARGE]),
    st.sampled_from(LEVELS), st.sampled_from(LEVELS),
)  # fmt: skip
def test_a_run_sees_what_a_live_one_would_on_the_examples_that_its_seed_draws(
    seed: int, count: int, first: object, second: object, few: int, many: int
) -> None:
    allocation = Allocation.of((first.name, few), (second.name, many))  # type: ignore[attr-defined]
    table = drawn(recorded(), seed, count)
    names = recorded().examples["search"]
    chosen = [SEARCH[names.index(name)] for name in table.examples["search"]]
    assert len(chosen) == count
    ours, lives = ReplayEvaluator(table), live(examples=chosen)
    found, wanted = ours.evaluate(allocation, "run"), lives.evaluate(allocation, "run")
    assert found.scores == wanted.scores
    assert found.ledgers == wanted.ledgers
    assert found.parse_failures == wanted.parse_failures
    ours.close()
    lives.sampler.close()


def test_seeds_draw_other_examples_and_fewer_are_among_more() -> None:
    table = find_table("fictional-qa")
    draws = [set(drawn(table, seed, 20).examples["search"]) for seed in range(5)]
    assert len({frozenset(draw) for draw in draws}) == 5
    assert all(set(drawn(table, seed, 7).examples["search"]) < draw for seed, draw in enumerate(draws))
    assert all(len(draw) == 20 for draw in draws)
    assert drawn(table, 3, 20).examples["test"] == table.examples["test"]


def test_all_examples_are_the_recorded_table_whatever_the_seed() -> None:
    table = find_table("fictional-qa")
    for seed in (0, 8):
        assert drawn(table, seed, None).digest == drawn(table, seed, 50).digest == table.digest


def test_true_scores_are_those_of_the_test_split_and_the_oracle_is_the_best_of_them() -> None:
    source = ReplaySource.of("fictional-qa", "fictional-qa")
    problem = ComparedProblem("fictional-qa", source, 3.5e11, "flops")
    table = find_table("fictional-qa")
    oracle = ReplayOracle(problem.problem(), table, "test")
    rng = np.random.default_rng(0)
    allocations = [problem.problem().sample(rng) for _ in range(200)]
    for allocation in allocations:
        assert problem.true_score(allocation) == pytest.approx(oracle.value(allocation).score, abs=1e-12)
    best = problem.best()
    assert best.allocation == oracle.best().allocation
    assert (
        best.score
        == round(problem.true_score(best.allocation), 12)
        == pytest.approx(oracle.scores[oracle.within].max())
    )
    assert best.score < oracle.scores.max()  # which the budget does not pay


def test_models_can_be_fewer(file: str) -> None:
    source = ReplaySource.of("counting", file, (("add", ("large",)),))
    task = source.problem("flops").task
    assert [[model.name for model in stage.models] for stage in task.stages] == [["small", "large"], ["large"]]
    with pytest.raises(InvalidInputError, match="offers the models small, large, but got 'huge'"):
        ReplaySource.of("counting", file, (("add", ("huge",)),))


def test_another_process_gets_the_same_and_refuses_another_table(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ReplaySource.of("counting", file)
    sent = pickle.loads(pickle.dumps(source))
    assert sent == source
    monkeypatch.chdir("/")
    assert sent.outcomes().digest == recorded().digest
    other = dataclasses.replace(sent, sha256="0" * 64)
    with pytest.raises(InvalidInputError, match=f"must be the one with SHA-256 {'0' * 64}, but .*counting.npz has"):
        other.outcomes()


def test_a_table_without_a_test_split_is_refused(tmp_path: Path) -> None:
    bare = record(counting_task(2, "vote"), SEARCH, (), make_sampler(), LEVELS, Provenance("toy"))
    save_table(bare, tmp_path / "bare.npz")
    with pytest.raises(InvalidInputError, match="has no test examples: record with --test-examples"):
        ReplaySource.of("counting", str(tmp_path / "bare.npz"))


def test_tables_know_their_tasks(file: str) -> None:
    assert recorded_tables([]) == {"2wikimultihopqa": "2wikimultihopqa", "fictional-qa": "fictional-qa"}
    assert recorded_tables([file]) == {**recorded_tables([]), "counting": file}
    with pytest.raises(InvalidInputError, match=r"one for each task, but .* are both of task 'counting'"):
        recorded_tables([file, file])
    with pytest.raises(InvalidInputError, match=r"`table` must name recorded tables, but there is no file none\.npz"):
        recorded_tables(["none.npz"])
