"""``agenttts power``."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.findings import Findings
from agenttts_env.experiments.compare.planner import Plan, planned
from agenttts_env.experiments.statistics import seeds_needed


def test_from_a_deviation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--difference", "0.1", "--deviation", "0.5", "--problems", "6"]) == 0
    needed = seeds_needed(0.1, 0.5, tasks=6)
    assert capsys.readouterr().out == (
        "a difference of 0.1 in regret, on 6 problems with a deviation of 0.5:\n"
        f"  two given searchers: {needed} seeds for 80% power\n"
    )


def test_from_a_comparison(finished: Path, findings: Findings, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(findings)
    assert (plan.problems, plan.seeds, plan.pairs) == (2, 3, 10)
    assert main(["power", str(finished), "--difference", "0.5"]) == 0
    out = capsys.readouterr().out
    assert f"{seeds_needed(0.5, plan.deviation, tasks=2)} seeds for 80% power; 3 seeds have " in out
    assert f"any of 10 pairs (Holm): {seeds_needed(0.5, plan.deviation, tasks=2, comparisons=10)} seeds" in out
    assert main(["power", str(finished), "--difference", "0.5", "--deviation", "1", "--pairs", "1"]) == 0
    out = capsys.readouterr().out
    assert "deviation of 1:" in out
    assert "Holm" not in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--difference"),
        (["--difference", "0.1"], "a number of seeds needs --deviation, or the folder of a comparison"),
        (["--difference", "x", "--deviation", "1"], "`difference` must be a number, but got 'x'"),
        (["--difference", "0", "--deviation", "1"], "`difference` must be > 0, but got 0"),
        (["--difference", "nan", "--deviation", "1"], "`difference` must be > 0, but got nan"),
        (["--difference", "1", "--deviation", "-1"], "`deviation` must be > 0"),
        (["--difference", "1", "--deviation", "1", "--problems", "0"], "`problems` and `pairs` >= 1"),
        (["nowhere", "--difference", "1"], "nowhere"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", *words]) == 2
    assert message in capsys.readouterr().err


def test_the_difference_that_is_told_needs_these_seeds() -> None:
    plan = Plan(deviation=0.5, problems=6, seeds=20, pairs=66)
    assert seeds_needed(plan.detectable(66) * 1.0001, 0.5, tasks=6, comparisons=66) == 20
