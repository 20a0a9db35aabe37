"""What Weights & Biases holds of a comparison, read back from its offline files."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.findings import read_findings
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.tracked_run import cell_runs, group_of
from agenttts_env.experiments.compare.tracking import track_comparison

Compare = Callable[..., str]
Read = Callable[..., Any]


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """wandb leaves the folders in which it makes tables to the interpreter's end, which warns."""
    yield
    import wandb

    for artifact in gc.get_objects():
        if issubclass(type(artifact), wandb.Artifact) and artifact._tmp_dir is not None:
            artifact._tmp_dir.cleanup()


def run_folders(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("wandb/offline-run-*"))


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A finished comparison of 2 problems, 5 searchers and 3 seeds."""
    return Path(shutil.copytree(finished, tmp_path / "c"))


@pytest.fixture
def track(copy: Path) -> Callable[[], str]:
    """Logs it as it is; returns what is said."""
    from rich.console import Console

    def track() -> str:
        console = Console(record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
        with console.file:
            track_comparison(ComparisonFolder(copy), [copy / "report.html"], "offline", console)
        return console.export_text()

    return track


def test_every_cell_is_a_run_with_its_trials_along_three_axes(
    copy: Path, track: Callable[[], str], read_wandb: Read
) -> None:
    with (copy / "notes.jsonl").open("a") as file:
        note = {"trial": 3, "kind": "guideline", "prompt": ["a", "b"], "reply": "prefer the small model"}
        file.write(json.dumps({"problem": "cwq", "searcher": "evolution", "seed": 1, "note": note}) + "\n")
    assert "W&B: 31 runs logged" in track()
    folder = ComparisonFolder(copy)
    findings = read_findings(folder)
    assert len(run_folders(copy)) == 31
    record = next(record for record in findings.records if record.key == ("cwq", "evolution", 1))
    (plan,) = [run for run in cell_runs(folder, findings) if run.name == "cwq · evolution · 1"]
    run = read_wandb(copy, plan.id)
    assert run.labels == {"group": group_of(folder), "job": "evolution", "tags": ["cwq", "evolution", "SIMULATED"]}
    assert run.config["searcher"] == "evolution"
    assert run.config["seed"] == 1
    assert run.config["problem"]["budget"] == findings.problems["cwq"]["budget"]
    assert run.config["trials"] == 6
    steps = [step for step in run.history if "trial" in step]
    assert [step["trial"] for step in steps] == list(range(6))
    assert [step["by_trial/score"] for step in steps] == list(record.score)
    assert [step["by_trial/allocation"] for step in steps] == list(record.requested)
    oracle = findings.oracles["cwq"]["score"]
    for prefix in ("by_trial", "by_tokens", "by_flops"):
        assert [step[f"{prefix}/expected_score"] for step in steps] == list(record.true_score)
        assert [step[f"{prefix}/regret"] for step in steps] == pytest.approx([oracle - s for s in record.true_score])
    tokens = record.spending["tokens"]
    assert [step["tokens_computed"] for step in steps] == [sum(tokens[: n + 1]) for n in range(6)]
    assert steps[-1]["flops_total"] == pytest.approx(sum(record.spending["total_flops"]))
    assert run.axes["by_tokens/*"] == "tokens_computed"
    assert run.axes["by_flops/*"] == "flops_total"
    random = [other.true_score[-1] for other in findings.records if other.key[:2] == ("cwq", "random")]
    scale = oracle - sum(random) / len(random)
    assert run.summary["normalised_regret"] == pytest.approx((oracle - record.true_score[-1]) / scale)
    assert run.summary["winners_curse"] == pytest.approx(max(record.score) - record.true_score[-1])
    near = [number for number, score in enumerate(record.true_score, 1) if score >= 0.95 * oracle]
    assert run.summary["within_0.05/reached"] is bool(near)
    assert run.summary.get("within_0.05/after_trials") == (near[0] if near else None)
    media = copy / "wandb" / next(name for name in run_folders(copy) if name.endswith(plan.id)) / "files" / "media"
    tables = {path.name.split("_")[0]: json.loads(path.read_text()) for path in media.rglob("*.table.json")}
    assert [row[2] for row in tables["trials"]["data"]] == list(record.requested)
    assert tables["notes"]["data"] == [[3, "guideline", "prompt: a\nb\nreply: prefer the small model"]]


def test_the_comparison_is_a_run_with_its_standing_and_its_report(
    compare: Compare, tmp_path: Path, read_wandb: Read, one_plot: None
) -> None:
    out = tmp_path / "c"
    compare(out, wandb="offline", seeds=2, searchers="random,init-only", tasks="cwq")
    findings = read_findings(ComparisonFolder(out))
    logged = [json.loads(line)["id"] for line in (out / "wandb" / "logged.jsonl").read_text().splitlines()]
    assert len(logged) == 5
    run = read_wandb(out, logged[-1])
    assert run.labels["job"] == "comparison"
    (row,) = [row for row in findings.overall.rows if row.searcher == "init-only"]
    assert run.summary["init-only/regret"] == pytest.approx(row.regret.value)
    assert {"standing", "report"} <= {key.split("/")[0] for step in run.history for key in step}
    (table,) = out.glob(f"wandb/*{logged[-1]}/files/media/table/standing*.json")
    assert [cells[:2] for cells in json.loads(table.read_text())["data"]] == [["cwq", "random"], ["cwq", "init-only"]]
    pages = list(out.glob(f"wandb/*{logged[-1]}/files/media/html/report*.html"))
    assert [page.read_text() for page in pages] == [(out / "report.html").read_text()]


def test_what_is_logged_is_not_logged_twice_and_what_is_torn_or_changed_is_replaced(
    copy: Path, track: Callable[[], str]
) -> None:
    track()
    first = run_folders(copy)
    assert "W&B: 0 runs" in track()
    assert run_folders(copy) == first
    log = copy / "wandb" / "logged.jsonl"
    log.write_text("".join(line + "\n" for line in log.read_text().splitlines()[:28]) + '{"id": "to')
    (copy / "report.html").write_text("another")
    assert "W&B: 3 runs" in track()
    ids = [sorted(name.rpartition("-")[2] for name in names) for names in (first, run_folders(copy))]
    assert ids[0] == ids[1]
    assert len(run_folders(copy)) == 31
    assert "W&B: 0 runs" in track()


def test_an_error_of_wandb_stops_no_comparison(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_plot: None
) -> None:
    import wandb

    def broken(**_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(wandb, "init", broken)
    errors: list[str] = []
    monkeypatch.setattr("agenttts_env.experiments.wandb_session.warn", errors.append)
    assert "init-only" in compare(tmp_path / "c", wandb="offline", searchers="random,init-only", tasks="cwq")
    assert errors == ["W&B tracking stopped, the comparison is all there: OSError: no space left"]


@pytest.mark.parametrize(("module", "changes"), [("wandb", {"wandb": "offline"}), ("ray", {"launcher": "ray"})])
def test_what_is_missing_is_said_before_anything_runs(
    module: str, changes: dict[str, Any], compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install 'agenttts-env[{module}]'" in compare(tmp_path / "c", code=2, **changes)
    assert not (tmp_path / "c").exists()


def test_a_finished_comparison_is_logged_by_the_report(
    copy: Path, one_plot: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(copy), "--wandb", "offline"]) == 0
    assert "W&B: 31 runs logged" in capsys.readouterr().err
    assert len(run_folders(copy)) == 31
