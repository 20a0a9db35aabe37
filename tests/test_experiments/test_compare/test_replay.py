"""``agenttts compare --backend replay`` and ``agenttts validate``, on a table of three examples' size."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import LEVELS, SEARCH, TEST, counting_task, make_sampler, recorded

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare import plan, plots, replay_source
from agenttts_env.experiments.compare import run as running
from agenttts_env.experiments.compare.findings import read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.tracked_run import cell_runs
from agenttts_env.outcome_file import save_table
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.provenance import Provenance
from agenttts_env.recording import record

OPTIONS = {
    "backend": "replay", "table": "counting.npz", "cost": "flops", "searchers": "random,evolution,init-only",
    "seeds": 3, "trials": 5, "examples": 4, "jobs": 1,
}  # fmt: skip
CELLS = 9
CODE = plan._code

Run = Callable[..., str]


@pytest.fixture(scope="module", autouse=True)
def one_code() -> Iterator[None]:
    """Files of the package may be edited while these tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agenttts_env.experiments.compare.plan._code", lambda: "of the tests")
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which has a table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    save_table(recorded(), "counting.npz")
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process; returns what it prints to stdout, or to stderr if it fails."""

    every = plots.plots_of
    monkeypatch.setattr(plots, "plots_of", lambda findings: [plot for plot in every(findings) if plot.name == "curse"])

    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(list(words)) == code
        captured = capsys.readouterr()
        return captured.err if code == 2 else " ".join(captured.out.split())

    return run


def words(**changes: Any) -> list[str]:
    options = {**OPTIONS, "out": "c", **changes}
    return ["compare", *(f"--{name}={value}" for name, value in options.items() if value is not None)]


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A comparison in a folder of its own, and what it printed."""
    folder, out = tmp_path_factory.mktemp("finished"), io.StringIO()
    every = plots.plots_of
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "140")
        patch.setattr(plots, "plots_of", lambda findings: [plot for plot in every(findings) if plot.name == "curse"])
        save_table(recorded(), "counting.npz")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            assert main(words()) == 0
    return folder / "c", " ".join(out.getvalue().split())


@pytest.fixture
def made(finished_once: tuple[Path, str], folder: Path) -> str:
    """What a comparison printed that is in the folder ``c``."""
    shutil.copytree(finished_once[0], folder / "c")
    return finished_once[1]


def other_table(engine: str = "toy") -> OutcomeTable:
    return record(counting_task(2, "vote"), SEARCH[1:], TEST, make_sampler(), LEVELS, Provenance(engine))


def test_everything_says_replay_and_nothing_simulated(made: str, run: Run) -> None:
    run("report", "c", "--markdown=page.md")
    findings = read_findings(ComparisonFolder("c"))
    texts = [made, Path("c/report.html").read_text(), Path("page.md").read_text(), json.dumps(findings.settings)]
    for text in (*texts, run("validate", "c/result.json", "--jobs=1")):
        assert "replay" in text.lower()
        assert "simulat" not in text.lower()
        assert "expected score" not in text
    for text in texts[:3]:
        flat = " ".join(text.replace("\\", "").replace("&#x27;", "'").split())
        assert "A seed decides the searcher's random choices" in flat
        assert "owes something to luck" in flat
        assert "6 + 2 of counting" in flat
    assert "REPLAY" in made
    assert "minus test score" in texts[1]
    tracked = next(iter(cell_runs(ComparisonFolder("c"), findings)))
    assert tracked.config["backend"] == "replay"
    assert "REPLAY" in tracked.tags
    assert any(name.endswith("/test_score") for name in tracked.history[0])


def test_what_no_model_wrote_is_scripted_replay(run: Run) -> None:
    save_table(other_table("scripted"), "counting.npz")
    out = run(*words())
    assert "SCRIPTED REPLAY: no model ran; no model wrote what was recorded, and the scores mean nothing" in out
    assert "SCRIPTED REPLAY" in run("validate", "c/result.json", "--jobs=1")
    assert "--backend replay --table counting.npz" in read_findings(ComparisonFolder("c")).command


def test_the_command_makes_the_same_comparison(made: str, run: Run) -> None:
    run(*shlex.split(read_findings(ComparisonFolder("c")).command)[1:], "--out=d", "--jobs=1")
    assert Path("c/cells.jsonl").read_bytes() == Path("d/cells.jsonl").read_bytes()


def test_all_searchers_of_a_seed_see_the_same_examples(made: str) -> None:
    scores: dict[tuple[str, int], set[float]] = {}
    for record_ in ComparisonFolder("c").records():
        for asked, score in zip(record_.requested, record_.score, strict=True):
            if asked is not None and score is not None:
                scores.setdefault((asked, record_.seed), set()).add(score)
    assert all(len(found) == 1 for found in scores.values())
    by_allocation: dict[str, set[float]] = {}
    for (asked, _), found in scores.items():
        by_allocation.setdefault(asked, set()).update(found)
    assert max(map(len, by_allocation.values())) > 1


def test_two_processes_find_what_one_finds(made: str, run: Run) -> None:
    run(*words(out="two", jobs=2))
    logs = [sorted(Path(name, "cells.jsonl").read_text().splitlines()) for name in ("c", "two")]
    assert logs[0] == logs[1]
    assert len(logs[0]) == CELLS


@pytest.mark.slow
def test_ray_finds_what_one_process_finds(made: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(plan, "_code", CODE)  # which Ray's workers have, too
    run(*words(out="two", launcher="ray", jobs=2))
    logs = [sorted(Path(name, "cells.jsonl").read_text().splitlines()) for name in ("c", "two")]
    assert logs[0] == logs[1]


def test_a_killed_comparison_goes_on(made: str, run: Run) -> None:
    log, result = Path("c/cells.jsonl"), Path("c/result.json").read_bytes()
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    assert run(*words()) == made
    assert log.read_bytes() == whole
    assert Path("c/result.json").read_bytes() == result


def test_a_folder_goes_on_with_the_same_table_only(made: str, run: Run) -> None:
    log = Path("c/cells.jsonl").read_bytes()
    save_table(other_table(), "counting.npz")
    err = run(*words(), code=2)
    assert "c holds a run with tables = " in err
    assert recorded().digest in err
    assert "choose another --out" in err
    Path("counting.npz").unlink()
    assert "`table` must name recorded tables, but there is no file counting.npz" in run(*words(), code=2)
    assert Path("c/cells.jsonl").read_bytes() == log


def test_a_table_that_changes_under_a_comparison_stops_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_late(cells: Any, options: Any) -> Iterator[Any]:
        replay_source._outcomes.cache_clear()
        save_table(other_table(), "counting.npz")
        return original(cells, options)

    original = running._run
    monkeypatch.setattr(running, "_run", run_late)
    assert "must be the one with SHA-256" in run(*words(), code=2)
    replay_source._outcomes.cache_clear()
    assert not Path("c/cells.jsonl").exists()


def test_a_result_is_confirmed_and_one_changed_score_is_refuted(made: str, run: Run) -> None:
    assert "CONFIRMED: 45 of 45 trials are confirmed. REPLAY: no model ran" in run(
        "validate", "c/result.json", "--jobs=1"
    )
    result = json.loads(Path("c/result.json").read_text())
    result["cells"][4]["score"][2] = 0.123
    Path("c/result.json").write_text(json.dumps(result))
    out = run("validate", "c/result.json", "--jobs=1", code=1)
    assert "trial 2: score claimed 0.123, found" in out
    assert "REFUTED: 44 of 45 trials" in out


def test_a_result_of_an_llm_driven_searcher_is_evaluated_again(run: Run) -> None:
    out = run(*words(searchers="random,agenthpo:retries=0", llm="scripted:qwen2.5-7b"))
    assert "REPLAY scores, and the searchers' LLM was SCRIPTED (scripted:qwen2.5-7b): no model ran" in out
    out = run("validate", "c/result.json", "--jobs=1")
    assert "CONFIRMED: 30 of 30" in out
    assert "evaluated again" in out


def test_a_result_is_validated_with_the_same_table_only(made: str, run: Run) -> None:
    save_table(other_table(), "counting.npz")
    err = run("validate", "c/result.json", "--jobs=1", code=2)
    assert recorded().digest in err
    assert other_table().digest in err
    assert "nothing was checked; put the tables that it was made with in their places" in err
    assert "tables of SHA-256" in run("validate", "c/result.json", "--jobs=1", "--any-version", code=2)
    Path("counting.npz").unlink()
    err = run("validate", "c/result.json", "--jobs=1", code=2)
    assert f"counting.npz, which is neither there nor at {Path('c', 'counting.npz')}: nothing was checked" in err
    assert recorded().digest in err
    save_table(recorded(), "c/counting.npz")
    assert "CONFIRMED" in run("validate", "c/result.json", "--jobs=1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": 0.5}, "`temperature` needs the backend simulated, but got {'*': 0.5}"),
        ({"models": "huge"}, "stage 'read' offers the models small, large, but got 'huge'"),
        ({"models": "answer=large"}, "`models` must name a stage among add, read, but got 'answer'"),
        ({"budgets": "published"}, "`budgets` are published of simulated tasks only"),
        ({"budgets": "1"}, "`budget` must pay at least the cheapest allocation of task 'counting'"),
        ({"trials": 64}, "must pay more allocations than there are `trials`, 64, but"),
        ({"examples": 7}, "`examples` must be at most 6, the recorded search examples of task 'counting', but got 7"),
        ({"tasks": "cwq"}, "`tasks` must be among 2wikimultihopqa, fictional-qa, counting, of which"),
        ({"tasks": "fictional-qa"}, "`tasks` must have 'counting', of which there is a `table`"),
        ({"table": "none.npz"}, "`table` must name recorded tables, but there is no file none.npz"),
        ({"table": None, "tasks": "fictional-qa"}, "`budget` must be given: the default pays one sample"),
        ({"backend": "live"}, "`backend` must be one of simulated, replay, but got 'live'"),
        ({"backend": None}, "`table` needs the backend replay, but got ('counting.npz',)"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(changes: dict[str, Any], message: str, run: Run) -> None:
    assert message in run(*words(**changes), code=2)
    assert not Path("c").exists()


def test_scripted_and_real_tables_are_not_mixed(run: Run) -> None:
    save_table(other_table("scripted"), "counting.npz")
    assert "all tables must be of real models, or none" in run(
        *words(tasks="counting,fictional-qa", budgets="fictional-qa=4e11"), code=2
    )


def test_a_policy_for_other_problems_is_refused_before_any_work(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agenttts_env.baselines.random_search import RandomSearcher
    from agenttts_env.errors import InvalidInputError
    from agenttts_env.experiments.variants import Variant

    class Stranger(RandomSearcher):
        def reset(self, problem: Any, *, trials: int, seed: int) -> None:
            raise InvalidInputError(f"trained for another task than {problem.task.name}")

    (folder / "best.zip").write_bytes(b"")
    make = Variant.make
    monkeypatch.setattr(
        Variant, "make", lambda self, llm=None: Stranger() if "policy" in self.text else make(self, llm)
    )
    assert "trained for another task than counting" in run(*words(searchers="random,policy:best.zip"), code=2)
    assert not Path("c").exists()


def test_where_random_search_finds_the_oracle_there_is_no_regret(run: Run) -> None:
    save_table(replace(recorded(), scores=np.full_like(recorded().scores, 0.1)), "counting.npz")
    err = run(*words(), code=2)
    assert "random ends with the best score there is of 'counting', 0.1, in every run" in err
    assert "regret has no unit" in err


def test_the_default_tasks_are_those_of_the_packages_tables(run: Run) -> None:
    from agenttts_env.experiments.compare.options import CompareOptions

    assert CompareOptions(backend="replay").tasks == ("2wikimultihopqa", "fictional-qa")
    assert CompareOptions(backend="replay", table=("counting.npz",)).tasks == ("counting",)
    assert CompareOptions(backend="replay").examples is None
