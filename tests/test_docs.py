"""The guide to a task of one's own: its example keeps its promises, and every block of the page runs as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
GUIDE, EXAMPLE = DOCS / "own-task.md", DOCS / "own_task.py"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command in a fresh folder that holds a copy of the example; returns its output."""
    shutil.copy(EXAMPLE, tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "AGENTTTS_CACHE": str(tmp_path / "cache"), "PYTHONWARNINGS": "error"}

    def call(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_the_example_is_one_short_file_with_three_stages() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 120
    assert len(re.findall(r"\bStage\(", text)) == 3


def test_the_guides_python_runs_as_it_stands(run: Run) -> None:
    code = "\n".join(code for language, code in BLOCKS if language == "python")
    assert code.count("\n") > 40
    said = run("python", "-c", code)
    assert "account-0-0\n1. " in said
    assert "find 315 18 24 ['smollm2-135m', 'smollm2-360m', 'smollm2-1.7b']" in said
    assert "How many coins is that in all?" in said
    assert "state='complete'" in said
    (promised,) = (text for language, text in BLOCKS if language == "text")
    assert " ".join(promised.split()) in said


def test_the_guides_commands_run_as_they_stand(run: Run, tmp_path: Path) -> None:
    commands = [code for language, code in BLOCKS if language == "bash"]
    said = [run("bash", "-c", f"set -e\n{command}") for command in commands]
    assert len(said) == 2
    own, search = said
    assert re.fullmatch(r"(smollm2-135m x\d+( \+ )?){3} [01]\.\d+", own.splitlines()[0]), own
    assert len(own.splitlines()) == 4  # check_task passed, and so did four trials
    assert "accounts" in search
    assert len((tmp_path / "runs" / "accounts" / "trials.jsonl").read_text().splitlines()) == 5


def test_the_guide_knows_no_other_language() -> None:
    assert {language for language, _ in BLOCKS} == {"python", "bash", "text"}
    assert GUIDE.read_text(encoding="utf-8").count("```") == 2 * len(BLOCKS)


@pytest.mark.slow
@pytest.mark.model
def test_a_real_model_runs_the_example(run: Run) -> None:
    said = run("python", "-W", "default", "own_task.py", "transformers")
    assert len(said.splitlines()) == 4
