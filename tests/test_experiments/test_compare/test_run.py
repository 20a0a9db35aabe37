"""``agenttts compare`` as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.errors import EngineError, ProposalError
from agenttts_env.experiments import searchers
from agenttts_env.experiments.compare import plan
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.problem import ComparedProblem
from agenttts_env.experiments.compare.simulated_source import SimulatedSource

Compare = Callable[..., str]
Rows = Callable[[Path], list[dict[str, str]]]


def test_every_cell_is_logged_with_what_its_incumbents_are_worth(compare: Compare, rows: Rows, tmp_path: Path) -> None:
    out = compare(tmp_path / "c")
    assert "SIMULATED: no model ran" in out
    trials = rows(tmp_path / "c" / "trials.csv")
    assert len(trials) == 2 * 3 * 2 * 6
    assert {row["backend"] for row in trials} == {"simulated"}
    problem = json.loads((tmp_path / "c" / "run.json").read_text())["problems"][0]
    oracle = ComparedProblem("cwq", SimulatedSource("cwq", ()), problem["budget"]).oracle()
    best = json.loads((tmp_path / "c" / "oracles.json").read_text())["cwq"]
    assert best["score"] == oracle.best().score
    for searcher in ("random", "evolution", "init-only"):
        run = [row for row in trials if (row["problem"], row["searcher"], row["seed"]) == ("cwq", searcher, "1")]
        assert [row["trial"] for row in run] == list("012345")
        for number, row in enumerate(run):
            told = [(-float(one["score"]), float(one["cost"]), i) for i, one in enumerate(run[: number + 1])]
            incumbent = Allocation.parse(run[min(told)[2]]["requested"])
            assert float(row["true_score"]) == pytest.approx(oracle.value(incumbent).score, abs=1e-9)
            assert float(row["true_score"]) <= best["score"] + 1e-9
            assert float(row["cost"]) == oracle.value(Allocation.parse(row["requested"])).cost


def test_all_searchers_of_a_seed_see_the_same_data(compare: Compare, rows: Rows, tmp_path: Path) -> None:
    compare(tmp_path / "c", searchers="random,random+init,evolution+init,init-only", tasks="webqsp")
    scores: dict[tuple[str, str], set[str]] = {}
    askers: dict[tuple[str, str], set[str]] = {}
    for row in rows(tmp_path / "c" / "trials.csv"):
        scores.setdefault((row["requested"], row["seed"]), set()).add(row["score"])
        askers.setdefault((row["requested"], row["seed"]), set()).add(row["searcher"])
    assert all(len(found) == 1 for found in scores.values())
    shared = {allocation for (allocation, _), names in askers.items() if len(names) >= 3}
    assert shared
    assert any(scores[allocation, "0"] != scores[allocation, "1"] for allocation in shared)


def test_the_summary_is_that_of_the_trials(compare: Compare, rows: Rows, tmp_path: Path) -> None:
    compare(tmp_path / "c")
    trials, summary = rows(tmp_path / "c" / "trials.csv"), rows(tmp_path / "c" / "summary.csv")
    assert [(row["problem"], row["searcher"]) for row in summary] == [
        (problem, searcher) for problem in ("cwq", "webqsp", "all") for searcher in ("random", "evolution", "init-only")
    ]
    oracles = json.loads((tmp_path / "c" / "oracles.json").read_text())
    last = {(row["problem"], row["searcher"], row["seed"]): row for row in trials if row["trial"] == "5"}
    for row in summary[:6]:
        problem, searcher = row["problem"], row["searcher"]
        oracle = oracles[problem]["score"]
        left = [oracle - float(last[problem, searcher, seed]["true_score"]) for seed in "01"]
        scale = fmean(oracle - float(last[problem, "random", seed]["true_score"]) for seed in "01")
        assert float(row["regret"]) == pytest.approx(fmean(left) / scale)
        highest = [
            max(float(one["score"]) for one in trials if (one["problem"], one["searcher"], one["seed"]) == key)
            for key in [(problem, searcher, "0"), (problem, searcher, "1")]
        ]
        true = [float(last[problem, searcher, seed]["true_score"]) for seed in "01"]
        assert float(row["curse"]) == pytest.approx(fmean(highest) - fmean(true))
        assert float(row["ended_within_0.05"]) == fmean(value <= 0.05 * oracle for value in left)


def test_a_finished_comparison_is_reported_again_and_not_run(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compare(tmp_path / "c")
    log = (tmp_path / "c" / "cells.jsonl").read_bytes()
    monkeypatch.setattr("agenttts_env.experiments.compare.runner.search", None)
    assert compare(tmp_path / "c", jobs=2) == first
    assert (tmp_path / "c" / "cells.jsonl").read_bytes() == log


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seeds": 3}, "seeds = 2, but this one has 3"),
        ({"trials": 7}, "trials = 6, but this one has 7"),
        ({"examples": 11}, "examples = 10, but this one has 11"),
        ({"tasks": "cwq"}, "tasks = ['cwq', 'webqsp'], but this one has ['cwq']"),
        ({"searchers": "random,grid"}, "searchers = "),
        ({"budgets": "900"}, "budgets = 'default', but this one has [900.0]"),
    ],
)
def test_a_folder_of_other_settings_is_refused(
    changes: dict[str, Any], difference: str, compare: Compare, folder: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert difference in compare(folder, code=2, **changes)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["version", "code", "libraries", "comparison"])
def test_a_folder_of_another_version_is_refused(name: str, compare: Compare, folder: Path) -> None:
    settings = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**settings, name: "other"}))
    assert f"{name} = 'other', but this one has" in compare(folder, code=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A comparison of the tiny settings that has not begun."""
    from agenttts_env.experiments.compare.options import CompareOptions

    options = CompareOptions(
        tasks=("cwq", "webqsp"), searchers=("random", "evolution", "init-only"), seeds=2, trials=6, examples=10
    )
    with ComparisonFolder(tmp_path / "c").opened(plan.settings(options, plan.plan_problems(options))):
        pass
    return tmp_path / "c"


class Broken(RandomSearcher):
    """Does one thing wrong after two good trials."""

    def __init__(self, wrong: str) -> None:
        super().__init__()
        self._wrong = wrong

    def reset(self, problem: Any, **options: Any) -> None:
        super().reset(problem, **options)
        self._asked_for = 0

    def ask(self) -> Allocation:
        self._asked_for += 1
        if self._asked_for > 2:
            if self._wrong == "propose":
                raise ProposalError("only garbage came")
            if self._wrong == "raise":
                raise ZeroDivisionError("of my own")
            if self._wrong == "invalid":
                return Allocation.of(("nobody's model", 1))
            if self._wrong == "engine":
                raise EngineError("no server answers")
        return super().ask()

    def tell(self, trial: Any) -> None:
        if self._wrong == "tell" and trial.number == 2:
            raise KeyError("of my own")


@pytest.mark.parametrize(
    ("wrong", "good", "error"),
    [
        ("propose", 2, ""),
        ("raise", 2, "ZeroDivisionError: of my own (test_run.py:"),
        ("invalid", 2, "InvalidInputError: "),
        ("tell", 3, "KeyError: 'of my own' (test_run.py:"),
    ],
)
def test_a_searcher_that_breaks_down_is_recorded_and_stops_no_other(
    wrong: str, good: int, error: str, compare: Compare, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    compare(whole)
    monkeypatch.setitem(searchers.SEARCHERS, "broken", lambda: Broken(wrong))  # type: ignore[misc]
    out = compare(tmp_path / "c", searchers="random,evolution,init-only,broken")
    records = {record.key: record for record in ComparisonFolder(tmp_path / "c").records()}
    assert len(records) == 16
    for (_, searcher, _), record in records.items():
        if searcher != "broken":
            assert not record.error
            continue
        assert record.error.startswith(error)
        assert bool(record.error) == bool(error)
        assert record.state == ("complete",) * good + ("failed",) * (6 - good)
        assert None not in record.true_score
        assert record.reason[-1] == (record.error or "only garbage came")
    assert out.count("broke down: broken on ") == (4 if error else 0)
    summary = rows(tmp_path / "c" / "summary.csv")
    assert [row["failed_trials"] for row in summary if row["problem"] == "all"] == ["0", "0", "0", str(4 * (6 - good))]
    # What is said of the others does not depend on it, but for ranks and Holm's correction.
    alone = {(row["problem"], row["searcher"]): row for row in rows(whole / "summary.csv")}
    for row in summary:
        if row["searcher"] != "broken":
            before = alone[row["problem"], row["searcher"]]
            depends = {name for name in row if name == "rank" or name.endswith("_holm")}
            assert all(row[name] == before[name] for name in row.keys() - depends)


def test_an_engine_that_cannot_be_reached_is_no_result(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(searchers.SEARCHERS, "broken", lambda: Broken("engine"))  # type: ignore[misc]
    err = compare(tmp_path / "c", code=1, searchers="random,broken")
    assert "no server answers" in err
    assert "the same command goes on" in err
    assert [record.searcher for record in ComparisonFolder(tmp_path / "c").records()] == ["random"]
    monkeypatch.setitem(searchers.SEARCHERS, "broken", RandomSearcher)  # type: ignore[misc]
    compare(tmp_path / "c", searchers="random,broken")
    assert len(ComparisonFolder(tmp_path / "c").records()) == 8


def test_code_that_changes_meanwhile_is_noticed(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = iter(("one", "other"))
    monkeypatch.setattr(plan, "_code", lambda: next(digests))
    assert "the code changed" in compare(tmp_path / "c", code=2)
