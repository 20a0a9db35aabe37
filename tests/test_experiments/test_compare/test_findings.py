"""The standing numbers, against what they are by hand, from the file of trials."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.columns import COLUMNS, missing_controls
from agenttts_env.experiments.compare.findings import Findings, read_findings, standing_numbers
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.sentences import seeding, summary, told_difference

Compare = Callable[..., str]


def scores(finished: Path, problem: str) -> dict[str, list[float]]:
    """By searcher the expected scores of the final incumbents."""
    found: dict[str, list[float]] = {}
    with (finished / "trials.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["problem"] == problem and row["trial"] == "5":
                found.setdefault(row["searcher"], []).append(float(row["true_score"]))
    return found


@pytest.mark.parametrize("control", ["random", "init-only", "random+init"])
def test_gains_are_paired_differences_of_normalised_regret(finished: Path, findings: Findings, control: str) -> None:
    oracles = json.loads((finished / "oracles.json").read_text())
    for part in findings.parts:
        assert part.problem is not None
        found = scores(finished, part.problem)
        scale = oracles[part.problem]["score"] - fmean(found["random"])
        for row in part.rows:
            test = row.gains[control]
            if row.searcher == control:
                assert test is None
                continue
            assert test is not None
            gains = [mine - its for mine, its in zip(found[row.searcher], found[control], strict=True)]
            assert test.gain == pytest.approx(fmean(gains) / scale, abs=1e-9)
            assert test.low <= test.gain <= test.high
            assert test.p_value <= test.adjusted <= 1


def test_the_share_explained_is_of_those_that_begin_with_the_initial_trials(finished: Path, findings: Findings) -> None:
    for part in findings.parts:
        assert part.problem is not None
        found = {searcher: fmean(values) for searcher, values in scores(finished, part.problem).items()}
        for row in part.rows:
            if row.searcher not in ("random+init", "evolution+init"):
                assert row.explained is None
                continue
            assert row.explained is not None
            whole = found[row.searcher] - found["random"]
            if whole > 1e-12:
                share = (found["init-only"] - found["random"]) / whole
                assert row.explained.value == pytest.approx(share, abs=1e-9)
            else:
                assert row.explained.value != row.explained.value  # NaN: no advantage


def test_areas_are_mean_heights(findings: Findings) -> None:
    losses = findings.losses
    for part in findings.parts:
        t = findings.comparison.tasks.index(str(part.problem))
        for k, row in enumerate(part.rows):
            heights = sorted(losses.curves["trials"][t, k].mean(axis=-1).tolist())
            assert row.areas["trials"].value == pytest.approx(fmean(heights))  # of 3 runs the quarter is none
            assert row.areas["tokens"] == row.areas["total_tokens"]  # no searcher has tokens of its own


def test_the_chance_to_beat_random_search_is_that_of_the_matrix(findings: Findings) -> None:
    baseline = findings.comparison.position("random")
    for k, row in enumerate(findings.overall.rows):
        assert row.improvement.value == pytest.approx(findings.improvement.value[k, baseline])
        assert row.improvement.low == pytest.approx(findings.improvement.low[k, baseline])


def test_standing_numbers_are_those_of_the_summary(finished: Path, findings: Findings) -> None:
    numbers = standing_numbers(findings)
    with (finished / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    there = {
        f"{row['problem']}/{row['searcher']}/{name}": float(value)
        for row in rows
        for name, value in row.items()
        if name not in ("backend", "problem", "searcher") and value not in ("nan", "inf", "-inf")
    }
    assert numbers == there
    assert {"all/evolution+init/gain_random_init", "cwq/random/regret", "all/evolution/area_total_tokens"} <= set(
        numbers
    )


def test_without_controls_there_are_dashes_and_a_note(compare: Compare, one_plot: None, tmp_path: Path) -> None:
    out = compare(tmp_path / "c", tasks="cwq", searchers="random,evolution")
    findings = read_findings(ComparisonFolder(tmp_path / "c"))
    for row in findings.overall.rows:
        assert row.gains["init-only"] is row.gains["random+init"] is row.explained is None
        texts = {column.name: column.text(row) for column in COLUMNS}
        assert texts["gain over init-only"] == texts["gain over random+init"] == texts["explained by init"] == "–"
    note = "no gain over init-only and random+init is said: add init-only,random+init to --searchers"
    assert missing_controls(findings.overall) == note
    assert note in " ".join(out.split())
    assert note in (tmp_path / "c" / "report.html").read_text()
    assert "init-only and random+init took no part" in summary(findings.overall, "SIMULATED")


def test_the_command_makes_the_same_comparison(findings: Findings, tmp_path: Path, one_plot: None) -> None:
    words = shlex.split(findings.command)
    assert words[:2] == ["agenttts", "compare"]
    assert main([*words[1:], "--out", str(tmp_path / "again"), "--jobs", "1"]) == 0
    again = read_findings(ComparisonFolder(tmp_path / "again"))
    of_the_folder = {"run": "", "code": ""}
    assert {**again.settings, **of_the_folder} == {**findings.settings, **of_the_folder}
    assert again.records == findings.records


def test_the_command_names_every_kind_of_option(findings: Findings) -> None:
    settings = {
        **findings.settings, "cost": "flops", "temperature": {"*": 0.5, "answer": 0.7},
        "models": {"retrieve": ["a", "b"]}, "llm": "openai:x y", "llm_option": {"top_p": 0.9, "eos": True},
        "budgets": [1.5, 2],
    }  # fmt: skip
    words = shlex.split(replace(findings, settings=settings).command)
    pairs = list(zip(words[2::2], words[3::2], strict=True))
    for pair in (
        ("--cost", "flops"), ("--temperature", "0.5"), ("--temperature", "answer=0.7"), ("--models", "retrieve=a,b"),
        ("--llm", "openai:x y"), ("--llm-option", "top_p=0.9"), ("--llm-option", "eos=true"),
        ("--budgets", "1.5,2"),
    ):  # fmt: skip
        assert pair in pairs
    assert "--jobs" not in words
    assert "--llm-option" not in replace(findings, settings={**settings, "llm": None}).command


def test_an_llm_that_is_none_is_labelled(findings: Findings) -> None:
    scripted = replace(findings, settings={**findings.settings, "llm": "scripted:x", "llm_backend": "scripted"})
    assert scripted.label == "SIMULATED · LLM SCRIPTED"
    assert "SCRIPTED" in scripted.provenance
    live = replace(findings, settings={**findings.settings, "llm": "openai:x", "llm_backend": "live"})
    assert live.label == findings.label == "SIMULATED"
    assert "openai:x" in live.provenance


def test_the_summary_says_who_is_best_and_by_how_much(findings: Findings) -> None:
    best = findings.overall.best_first()[0]
    said = summary(findings.overall, findings.label)
    assert said.startswith(
        f"Over all problems (SIMULATED), {best.searcher} has the lowest regret, {best.regret.value:.2f} ["
    )
    # With three seeds on two problems nothing can be told from anything.
    assert "cannot be told apart from any other searcher" in said
    for control, test in best.gains.items():
        assert (f"is not told apart from {control} (mean gain" in said) == (test is not None)


def test_a_clear_winner_is_told_apart(findings: Findings) -> None:
    overall = findings.overall
    best = overall.best_first()[0]
    told = replace(overall, tests=tuple(replace(test, adjusted=0.001) for test in overall.tests))
    clear = {c: None if test is None else replace(test, gain=0.5, low=0.25, high=0.75, adjusted=0.01)
             for c, test in best.gains.items()}  # fmt: skip
    worse = {c: None if test is None else replace(test, gain=-0.5, low=-0.75, high=-0.25, adjusted=0.01)
             for c, test in best.gains.items()}  # fmt: skip
    for gains, words in ((clear, "saves 0.50 [0.25, 0.75]"), (worse, "loses 0.50 [0.25, 0.75]")):
        rows = tuple(replace(row, gains=gains) if row is best else row for row in told.rows)
        said = summary(replace(told, rows=rows), "SIMULATED")
        assert "is told apart from every other searcher" in said
        assert words in said


def test_seeded_searchers_are_held_against_bare_ones(findings: Findings) -> None:
    overall = findings.overall
    (test,) = [test for test in overall.tests if {test.first, test.second} == {"random", "random+init"}]
    for first, adjusted, words in (
        ("random+init", 0.3, "random +0.50 [+0.25, +0.75] (* told"),
        ("random", 0.01, "random -0.50 [-0.75, -0.25]* (* told"),
    ):
        second = "random" if first == "random+init" else "random+init"
        known = replace(test, first=first, second=second, gain=0.5, low=0.25, high=0.75, adjusted=adjusted)
        assert words in seeding(replace(overall, tests=(known,)))
    assert seeding(replace(overall, tests=())) == ""


def test_what_seeds_can_tell(findings: Findings) -> None:
    assert told_difference(findings).startswith("With 3 seeds on 2 problems, a difference of ")
    assert "none, however large, if all 10 pairs are tested" in told_difference(findings)


def test_training_is_a_column_where_a_record_has_one(findings: Findings, tmp_path: Path, finished: Path) -> None:
    (tmp_path / "run.json").write_bytes((finished / "run.json").read_bytes())
    (tmp_path / "oracles.json").write_bytes((finished / "oracles.json").read_bytes())
    lines = []
    for line in (finished / "cells.jsonl").read_text().splitlines():
        record = json.loads(line)
        if record["searcher"] == "evolution":
            record["training"] = {"steps": 1000, "seconds": 2.5}
        lines.append(json.dumps(record) + "\n")
    (tmp_path / "cells.jsonl").write_text("".join(lines))
    trained = read_findings(ComparisonFolder(tmp_path))
    (column,) = (column for column in COLUMNS if column.name == "training")
    texts = {row.searcher: column.text(row) for row in trained.overall.rows}
    assert texts["evolution"] == "1,000 steps, 2.5 seconds"
    assert texts["random"] == "–"
    assert standing_numbers(trained)["all/evolution/training_steps"] == 1000
    assert "all/random/training_steps" not in standing_numbers(trained)
