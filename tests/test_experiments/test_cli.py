"""The commands around a search."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.tasks import TASKS

OPTIONAL = (
    "accelerate", "bm25s", "datasets", "gguf", "httpx", "huggingface_hub", "matplotlib", "openai", "optuna", "pyarrow",
    "stable_baselines3", "torch", "transformers", "vllm", "wandb", "xgrammar",
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A finished run."""
    out = tmp_path / "run"
    options = {"task": "fictional-qa", "engine": "scripted", "trials": 20, "max-samples": 2, "examples": 2, "out": out}
    assert main(["search", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]) == 0
    capsys.readouterr()
    return out


def test_show_reads_a_finished_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "progress.png").unlink()
    (run / "samples.sqlite").unlink()
    assert main(["show", str(run)]) == 0
    out = capsys.readouterr().out
    assert "20 of 20" in out
    assert "are not shown: agenttts show --all" in out
    assert (run / "progress.png").exists()
    assert main(["show", str(run), "--all"]) == 0
    assert "not shown" not in capsys.readouterr().out


def test_show_reads_a_running_search(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "summary.json").unlink()
    log = run / "trials.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]) + b'{"number": 3, "sta')
    before = log.read_bytes()
    assert main(["show", str(run)]) == 0
    out = capsys.readouterr().out
    assert "3 of 20" in out
    assert "sealed until the search is over" in out
    assert log.read_bytes() == before


def test_show_without_matplotlib_names_the_pip_command(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["show", str(run)]) == 0
    assert "pip install 'agenttts-env[plot]'" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "{}", '{"labels": {"task": "x"}}', "[]", "{"])
def test_show_refuses_a_folder_without_a_search(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    assert main(["show", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert str(tmp_path) in err
    assert err.count("\n") == 1


def test_tasks_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    for name in TASKS:
        assert name in out


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"agenttts-env {version('agenttts-env')}\n"
    for words in ([], ["search"], ["oracle"], ["tasks"], ["show"]):
        assert main([*words, "--help"]) == 0
        assert capsys.readouterr().out.startswith("usage: agenttts")


def test_the_core_dependencies_are_enough(run: Path) -> None:
    """Also a guard of the start-up time: nothing heavy is imported on the way."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))\n"
        "from agenttts_env.experiments.cli import main\n"
        f"sys.exit(main(['--help']) + main(['tasks']) + main(['show', {str(run)!r}]))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no plot: matplotlib is not installed" in done.stdout


def test_the_program_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "agenttts_env.experiments.cli", "search", "--task", "nothing", "--engine", "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
