"""``agenttts oracle`` through its command line, on few levels."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from recordings import LEVELS, SEARCH, TEST, counting_task, recorded

from agenttts_env.building import build_simulated
from agenttts_env.experiments import oracle_options
from agenttts_env.experiments.cli import main
from agenttts_env.oracle import Oracle
from agenttts_env.outcome_file import save_table
from agenttts_env.problem import Problem
from agenttts_env.surface import OracleResult
from agenttts_env.tasks import registry
from agenttts_env.tasks.registry import TaskEntry

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``agenttts oracle`` with a cache of its own; returns what it prints to stdout, or to stderr if it fails.

    It integrates coarsely, as ``Oracle`` does everywhere in the test.
    """
    for name, count in (("nodes", 9), ("inner_nodes", 33)):
        monkeypatch.setitem(cast("dict[str, Any]", Oracle.__init__.__kwdefaults__), name, count)
    monkeypatch.setenv("AGENTTTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words: str, code: int = 0) -> str:
        assert main(["oracle", *words]) == code
        out, err = capsys.readouterr()
        assert err if code else not err
        return err if code else out

    return run


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recorded table of a task that is registered for the test."""
    monkeypatch.setitem(
        registry._ENTRIES, "counting", TaskEntry("counting", "Counting", lambda: counting_task(2, "vote"), lambda: ())
    )
    save_table(recorded(), tmp_path / "counting.npz")
    return str(tmp_path / "counting.npz")


def test_one_task_is_answered_in_full(run: Run, tmp_path: Path) -> None:
    out = run("--task", "webqsp", "--max-samples", "4", "--budget", "500", "--out", str(tmp_path / "out"))
    task, landscape = build_simulated("webqsp")
    problem = Problem.of(task, budget=500.0, levels=(1, 2, 3, 4))
    oracle = Oracle(problem, landscape)
    best = oracle.best()
    for words in (
        "oracle of webqsp · SIMULATED",
        f"{best.allocation}",
        f"{best.cost:.6g} per example, {problem.spent_share(best.cost):.1%} of the way",
        f"{best.score:.4f}",
        f"± {best.standard_error(50):.3f} over 50 examples, ± {best.standard_error(500):.3f} over 500 examples",
        f"all 64 allocations, of which the budget pays {problem.count()}",
        "MLCopilot  qwen2.5-7b x1 + llama-3.1-70b x4",
    ):
        assert words in out
    assert "72b x1 + llama-3.1-8b x50" not in out  # more samples than are offered
    result = OracleResult.from_json(json.loads((tmp_path / "out" / "webqsp.json").read_text()))
    assert (result.backend, result.best, result.pareto) == ("simulated", best, tuple(oracle.pareto()))
    with (tmp_path / "out" / "webqsp-pareto.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["backend", "allocation", "cost in units", "em", "deviation"]
    assert rows == [
        ["simulated", str(v.allocation), str(v.cost), str(v.score), str(v.deviation)] for v in result.pareto
    ]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "webqsp-around.png", "webqsp-costs.png", "webqsp-samples.png",
    ]  # fmt: skip
    assert f"written: {tmp_path / 'out' / 'webqsp-costs.png'}" in out


def test_the_front_is_shortened_unless_all_of_it_is_wanted(run: Run) -> None:
    words = ("--task", "webqsp", "--max-samples", "12")
    short, full = run(*words), run(*words, "--pareto")
    assert "are not shown: --pareto, or --out DIR" in short
    assert "not shown" not in full
    task, landscape = build_simulated("webqsp")
    for valued in Oracle(Problem.of(task, levels=range(1, 13)), landscape).pareto():
        assert f" {valued.allocation} " in full


def test_options_reach_the_problem(run: Run) -> None:
    words = ("--task", "webqsp", "--max-samples", "3")
    assert "cost in US$" in run(*words, "--cost", "usd")
    only = run(*words, "--models", "answer=llama-3.1-8b", "--budget", "400")
    assert "all 18 allocations" in only
    assert "llama-3.1-70b" not in only
    assert len({run(*words, *more) for more in ((), ("--temperature", "0.5"), ("--fusion", "answer=vote"))}) == 3


def test_without_a_task_there_is_one_table_of_all(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(oracle_options, "landscape_names", lambda: ("cwq", "webqsp"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = run("--max-samples", "2", "--out", str(tmp_path / "out"))
    assert out.count("oracles · SIMULATED") == 1
    assert {line.split()[0] for line in out.splitlines() if " units " in line} == {"cwq", "webqsp"}
    assert out.count("no plots: matplotlib is not installed; run: pip install 'agenttts-env[plot]'") == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "cwq-pareto.csv", "cwq.json", "webqsp-pareto.csv", "webqsp.json",
    ]  # fmt: skip


def test_a_recorded_table_has_an_oracle_too(run: Run, table: str, tmp_path: Path) -> None:
    words = ("--task", "counting", "--backend", "replay", "--table", table, "--budget", "100")
    search, test = run(*words, "--out", str(tmp_path)), run(*words, "--split", "test")
    assert "oracle of counting · REPLAY" in search
    assert f"over {len(SEARCH)} examples" in search
    assert f"over {len(TEST)} examples" in test
    assert f"all {(2 * len(LEVELS)) ** 2} allocations" in search
    assert "SIMULATED" not in search
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["counting-around.png", "counting-costs.png"]
    assert "all 16 allocations" in run(*words, "--max-samples", "2")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "nothing"), "but got 'nothing'"),
        (("--task", "fictional-qa"), "the tasks that can be simulated are"),
        (("--task", "webqsp", "--max-samples", "0"), "`max_samples` must lie in [1, 1000], but got 0"),
        (("--task", "webqsp", "--max-samples", "101"), "at most 100 samples, but the levels go to 101"),
        (("--task", "webqsp", "--budget", "much"), "`budget` must be a number, but got 'much'"),
        (("--task", "webqsp", "--budget", "nan"), "`budget` must be finite"),
        (("--task", "webqsp", "--budget", "1"), "`budget` must pay at least the cheapest allocation"),
        (("--task", "webqsp", "--cost", "gold"), "`cost` must be one of paper, flops, usd, but got 'gold'"),
        (("--task", "webqsp", "--models", "qwen2.5-32b"), "but got 'qwen2.5-32b'"),
        (("--task", "webqsp", "--models", "nowhere=qwen2.5-7b"), "'nowhere'"),
        (("--task", "webqsp", "--temperature", "3"), "`temperature` must lie in [0, 2]"),
        (("--task", "webqsp", "--fusion", "blend"), "'blend'"),
        (("--task", "webqsp", "--task", "cwq"), "`task` must be given once"),
        (("--task", "webqsp", "--backend", "live"), "`backend` must be one of simulated, replay, but got 'live'"),
        (("--task", "webqsp", "--split", "train"), "`split` must be one of search, test, but got 'train'"),
        (("--task", "webqsp", "--split", "test"), "`split` needs the backend replay, but got 'test'"),
        (("--task", "webqsp", "--table", "x.npz"), "`table` needs the backend replay"),
        (("--task", "webqsp", "--backend", "replay", "--table", "no.npz"), "no.npz"),
        (("--budget", "5"), "`budget` needs `task`: it cannot be 5.0 for all of them"),
        (("--models", "qwen2.5-7b"), "`models` needs `task`"),
        (("--table", "x.npz"), "`table` needs `task`"),
        (("--backend", "replay"), "`backend` needs `task`"),
        (("--temperature", "retrieve=0.5"), "'retrieve'"),
        (("--pareto", "yes"), "unrecognized arguments: yes"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(run: Run, words: tuple[str, ...], message: str) -> None:
    err = run(*words, code=2)
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err


def test_what_was_not_recorded_is_refused(run: Run, table: str) -> None:
    words = ("--task", "counting", "--backend", "replay", "--table", table)
    for more in (("--temperature", "0.1"), ("--models", "other@1e9"), ("--fusion", "llm"), ("--max-samples", "9")):
        assert run(*words, *more, code=2).startswith("error: ")


def test_a_folder_that_cannot_be_made_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    err = run("--task", "webqsp", "--max-samples", "2", "--out", str(tmp_path / "file" / "below"), code=2)
    assert "`out` must be a folder that can be made" in err
    (tmp_path / "out" / "webqsp.json").mkdir(parents=True)
    err = run("--task", "webqsp", "--max-samples", "2", "--out", str(tmp_path / "out"), code=2)
    assert "`out` must be a folder that can be written" in err
