"""``agenttts validate``: what is true is confirmed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.log import ComparisonFolder
from agenttts_env.experiments.compare.result_file import RESULT, write_result

AGENT = "agenthpo+init:retries=0"
WORDS = [
    "compare", "--tasks=cwq", f"--searchers=random,evolution:steps=log,{AGENT}", "--llm=scripted:qwen2.5-7b",
    "--seeds=2", "--trials=5", "--examples=10", "--jobs=1", "--temperature=answer=0.5", "--cost=usd",
]  # fmt: skip

Result = dict[str, Any]
Validate = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module", autouse=True)
def one_code() -> Iterator[None]:
    """Files of the package may be edited while these tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agenttts_env.experiments.compare.plan._code", lambda: "of the tests")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The result of a comparison of six cells, as it was written."""
    folder = tmp_path_factory.mktemp("compared") / "c"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agenttts_env.experiments.compare.run.report_comparison", lambda *_, **__: [])
        assert main([*WORDS, f"--out={folder}"]) == 0
    path = write_result(ComparisonFolder(folder))
    assert path == folder / RESULT
    return path.read_text()


@pytest.fixture
def validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Validate:
    """Validates a result, given as text or as what it holds; returns the exit code and what was printed."""

    def validate(result: Result | str, *words: str) -> tuple[int, str]:
        path = tmp_path / "r.json"
        path.write_text(result if isinstance(result, str) else json.dumps(result))
        capsys.readouterr()
        code = main(["validate", str(path), "--jobs=1", *words])
        captured = capsys.readouterr()
        return code, (captured.err if code == 2 else captured.out).replace("\n", " ")

    return validate


def cell(result: Result, searcher: str, seed: int = 1) -> Result:
    (found,) = (one for one in result["cells"] if (one["searcher"], one["seed"]) == (searcher, seed))
    return found  # type: ignore[no-any-return]


def test_a_result_is_confirmed_trial_by_trial(made: str, validate: Validate) -> None:
    code, out = validate(made)
    assert code == 0
    assert "CONFIRMED: 30 of 30 trials are confirmed" in out
    assert "SIMULATED scores, and the searchers' LLM was SCRIPTED" in out
    assert "that the searcher's LLM asked for them was not checked" in " ".join(out.split())
    assert out.count("run again") == 2
    assert out.count("evaluated again ") == 1


@pytest.mark.parametrize("searcher", ["random", "evolution:steps=log", AGENT])
@pytest.mark.parametrize(
    ("column", "tamper"),
    [
        ("score", lambda score: score + 0.1),
        ("score", lambda score: None),
        ("true_score", lambda score: score + 1e-6),
        ("cost", lambda cost: cost * 1.001),
        ("state", lambda state: "infeasible"),
        ("requested", lambda _: "qwen2.5-7b x2 + llama-3.1-8b x2"),
        ("requested", lambda _: "nobody x2 + nothing x2"),
        ("requested", lambda _: None),
    ],
)
def test_one_changed_claim_is_refuted(
    column: str, tamper: Callable[[Any], Any], searcher: str, made: str, validate: Validate
) -> None:
    result = json.loads(made)
    column_of = cell(result, searcher)[column]
    column_of[1] = tamper(column_of[1])
    code, out = validate(result)
    assert code == 1
    assert f"refuted: {searcher} on cwq, seed 1, trial " in out
    assert "REFUTED: " in out
    confirmed = int(out.partition("REFUTED: ")[2].split()[0])
    assert 25 <= confirmed < 30


def test_an_llms_lucky_numbers_are_refuted_and_the_first_difference_is_named(made: str, validate: Validate) -> None:
    result = json.loads(made)
    agent = cell(result, AGENT, 0)
    agent["score"] = [None if score is None else 1.0 for score in agent["score"]]
    code, out = validate(result)
    assert code == 1
    assert f"refuted: {AGENT} on cwq, seed 0, trial 0: score claimed 1.0, found 0." in out


def test_numbers_that_differ_in_their_last_digits_are_equal(made: str, validate: Validate) -> None:
    result = json.loads(made)
    for column in ("cost", "true_score"):
        values = cell(result, "random")[column]
        values[2] *= 1 + 1e-13
    assert validate(result)[0] == 0


def change(path: str, value: Any) -> Callable[[Result], None]:
    """Sets what stands at a path such as ``settings.seeds`` or ``cells.0.score.2``; ``...`` removes it."""

    def change(result: Result) -> None:
        *names, last = (int(name) if name.isdigit() else name for name in path.split("."))
        inner: Any = result
        for name in names:
            inner = inner[name]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value

    return change


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (change("cells.0.score.4", ...), "must have 5 trials, but `score` of the cell (cwq, random, seed 0) has 4"),
        (change("cells.0", ...), "must have 6 cells by its settings, but has 5"),
        (change("cells.0.seed", 1), "has the cell (cwq, random, seed 1) twice"),
        (change("cells.0.seed", 7), "lacks the cell (cwq, random, seed 0)"),
        (change("cells.0.seed", True), "has no valid name in cell 1"),
        (change("cells.0.score", ...), "must have cost, problem, requested, score, searcher, seed, state, true_score"),
        (change("cells.0.note", "trust me"), "must have cost, problem"),
        (change("cells.0.score", 0.5), "must have a list as `score`"),
        (change("cells.0.score.2", "0.5"), "has no valid value in `score` of the cell (cwq, random, seed 0), trial 2"),
        (change("cells.0.score.2", True), "has no valid value in `score`"),
        (change("cells.0.score.2", [0.5]), "has no valid value in `score`"),
        (change("cells.0.cost.2", 10**400), "has no valid value in `cost`"),
        (change("cells.0.state.2", "won"), "has no valid value in `state`"),
        (change("cells.0.state.2", None), "has no valid value in `state`"),
        (change("cells.0.requested.2", "all of it"), "has no valid value in `requested`"),
        (change("cells.0.requested.2", {}), "has no valid value in `requested`"),
        (change("cells.0", []), "in cell 1"),
        (change("cells", {}), "is not a result"),
        (change("result", 2), "has the format 2"),
        (change("more", 2), "is not a result"),
        (change("settings", []), "is not a result"),
        (change("settings.seeds", 10**15), "cells by its settings, but has 6"),
        (change("settings.seeds", "2"), "has no valid setting `seeds`"),
        (change("settings.trials", 4), "must have 4 trials"),
        (change("settings.examples", "10"), "settings must be those of a comparison"),
        (change("settings.examples", ...), "must have the setting `examples`"),
        (change("settings.backend", "live"), "must be simulated or replayed, but is 'live'"),
        (change("settings.searchers", ["random", "grid", AGENT]), "lacks the cell (cwq, grid, seed 0)"),
        (change("settings.searchers.0", {}), "without a name"),
        (change("settings.llm", None), "needs an LLM"),
        (change("settings.problems.0.budget", 1.0), "must have the setting problems = "),
        (change("settings.colour", "red"), "must have the setting colour = None, but this one has 'red'"),
        (change("settings.version", "0.0.0"), "was made with version = '0.0.0', but here it is "),
        (change("settings.code", "0"), "was made with code = '0', but here it is "),
        (change("settings.libraries.numpy", "1.0"), "was made with libraries = "),
    ],
)
def test_what_is_no_result_of_this_version_is_refused(
    tamper: Callable[[Result], None], message: str, made: str, validate: Validate
) -> None:
    result = json.loads(made)
    tamper(result)
    code, err = validate(result)
    assert code == 2
    assert message in err
    assert err.startswith("error: ")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"result": 1, "settings": {}, "cells": [NaN]}', "\x00", '"\\ud800"'],
)
def test_what_is_no_json_of_a_result_is_refused(text: str, validate: Validate) -> None:
    assert validate(text)[0] == 2


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(word: str, made: str, validate: Validate) -> None:
    result = json.loads(made)
    result["cells"][0]["score"][1] = "here"
    code, err = validate(json.dumps(result).replace('"here"', word))
    assert code == 2
    assert "numbers must be finite" in err or "no valid value in `score`" in err


def test_another_version_can_be_tried_all_the_same(made: str, validate: Validate) -> None:
    result = json.loads(made)
    result["settings"]["code"] = "other"
    code, out = validate(result, "--any-version")
    assert code == 0
    assert "made with another `code` than what is here" in out
    cell(result, "random")["score"][0] = 0.123
    assert validate(result, "--any-version")[0] == 1


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(tmp_path / "none.json")]) == 2
    assert "cannot read a result from" in capsys.readouterr().err


def test_an_unfinished_comparison_has_no_result(made: str, tmp_path: Path) -> None:
    settings = {"comparison": 1, **json.loads(made)["settings"]}
    (tmp_path / "run.json").write_text(json.dumps(settings))
    assert write_result(ComparisonFolder(tmp_path)) is None
    assert not (tmp_path / RESULT).exists()
