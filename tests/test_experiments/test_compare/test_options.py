"""What may be asked for; a bad option is an error before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.cli import main
from agenttts_env.experiments.compare.options import CompareOptions, default_searchers, read_options
from agenttts_env.experiments.searchers import SEARCHERS, needs_llm
from agenttts_env.simulation.landscape import landscape_names

Compare = Callable[..., str]


def test_the_defaults_are_all_tasks_and_all_searchers_without_an_llm_but_gp() -> None:
    options = CompareOptions()
    assert options.tasks == landscape_names()
    assert len(options.tasks) == 6
    left_out = set(SEARCHERS) - set(options.searchers)
    assert {name for name in left_out if not needs_llm(name)} == {"gp", "gp+init"}
    assert not any(map(needs_llm, options.searchers))
    assert (options.seeds, options.trials, options.budgets) == (20, 50, "default")
    assert options.searchers == default_searchers()
    assert options.processes >= 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": "cwq,fictional-qa"}, "`tasks` must be among"),
        ({"tasks": "cwq,cwq"}, "`tasks` must differ"),
        ({"tasks": ""}, "`tasks` must be among"),
        ({"searchers": "random,magic"}, "`searcher` must be one of"),
        ({"searchers": "random,agenttts"}, "searcher 'agenttts' needs an LLM"),
        ({"searchers": "random,evolution:steps=one"}, "`steps` must be one of"),
        ({"searchers": "random,evolution:stairs=log"}, "has the options population, steps, but got 'stairs'"),
        ({"searchers": "random,random:steps=log"}, "searcher 'random' has no options"),
        ({"searchers": "evolution,evolution:steps=log"}, "`searchers` must be random"),
        ({"cost": "euro"}, "`cost`"),
        ({"cost": "usd", "budgets": "published"}, "`budgets` are published in paper units, but got 'usd'"),
        ({"temperature": "reply=0.5"}, "`temperature` must name a stage among answer, retrieve, but got 'reply'"),
        ({"temperature": "answer=hot"}, "`temperature` must be a number, but got 'hot'"),
        ({"temperature": "answer=-1"}, "temperature"),
        ({"models": "answer=gpt-9"}, "gpt-9"),
        ({"models": "fill=llama-3.1-8b"}, "`models` must name a stage among answer, retrieve"),
        ({"searchers": "random,tpe,tpe"}, "`searchers` must differ"),
        ({"searchers": "tpe,grid"}, "`searchers` must be random"),
        ({"searchers": "random"}, "and at least one more"),
        ({"seeds": 1}, "`seeds` must be >= 2, but got 1"),
        ({"seeds": "two"}, "`seeds` must be an integer, but got 'two'"),
        ({"trials": 0}, "`trials` must be >= 1"),
        ({"examples": 0}, "`examples` must be >= 1"),
        ({"jobs": 0}, "`jobs` must be >= 1"),
        ({"budgets": "much"}, "`budgets` must be default or published, or numbers"),
        ({"budgets": "900,default"}, "`budgets` must be default or published, or numbers"),
        ({"budgets": "900,900"}, "`budgets` must differ"),
        ({"budgets": "nan"}, "`budgets` must be finite"),
        ({"budgets": "1"}, "must pay at least the cheapest allocation"),
        ({"trials": 10**6}, "must pay more allocations than there are `trials`, 1000000"),
        ({"colour": "red"}, "unrecognized arguments: --colour=red"),
    ],
)
def test_a_bad_option_is_an_error_before_anything_runs(
    changes: dict[str, Any], message: str, compare: Compare, tmp_path: Path
) -> None:
    err = compare(tmp_path / "c", code=2, **changes)
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "c").exists()


def test_an_out_that_is_no_folder_is_an_error(compare: Compare, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file")
    assert "`out` must be a folder that can be made" in compare(tmp_path / "c", code=2)


@pytest.mark.parametrize(("module", "searcher"), [("scipy", "grid"), ("optuna", "tpe"), ("cmaes", "cmaes")])
def test_a_missing_library_is_named_before_anything_runs(
    module: str, searcher: str, compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    err = compare(tmp_path / "c", code=2, searchers=f"random,{searcher}")
    assert f"{module} is not installed; run: pip install 'agenttts-env[baselines]'" in err
    assert not (tmp_path / "c").exists()


TOML = """
tasks = ["cwq", "webqsp"]
searchers = "random, tpe"
seeds = 3
budgets = [500, 900.5]
out = "somewhere"
models = ["retrieve=qwen2.5-7b,qwen2.5-72b", "answer=llama-3.1-8b"]
temperature = "retrieve=0.1,answer=0.5"
"""

YAML = """
tasks: [cwq, webqsp]
searchers: random, tpe
seeds: 3
budgets: [500, 900.5]
out: somewhere
models: ["retrieve=qwen2.5-7b,qwen2.5-72b", "answer=llama-3.1-8b"]
temperature: [retrieve=0.1, answer=0.5]
"""


@pytest.mark.parametrize(("name", "text"), [("o.toml", TOML), ("o.yaml", YAML), ("o.yml", YAML)])
def test_a_file_has_the_same_fields(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert read_options(tmp_path / name) == {
        "tasks": ("cwq", "webqsp"),
        "searchers": ("random", "tpe"),
        "seeds": 3,
        "budgets": (500.0, 900.5),
        "out": "somewhere",
        "models": {"retrieve": ("qwen2.5-7b", "qwen2.5-72b"), "answer": ("llama-3.1-8b",)},
        "temperature": {"retrieve": 0.1, "answer": 0.5},
    }


def test_the_command_line_has_precedence_over_a_file(compare: Compare, tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text('searchers = "magic"\nseeds = 1\n')
    assert "got 'magic'" in compare(tmp_path / "c", code=2, searchers="random,magic", config=tmp_path / "o.toml")
    (tmp_path / "o.toml").write_text("seeds = 1\ntrials = 0\n")
    assert main(["compare", f"--config={tmp_path / 'o.toml'}", "--seeds=2"]) == 2
    assert "`trials` must be >= 1" in compare(tmp_path / "c", code=2, trials=0, config=tmp_path / "o.toml")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("o.toml", "colour = 1", "must have fields among tasks, budgets, cost, .*, but has 'colour'"),
        ("o.toml", "seeds = true", "`seeds` must be text, a number or a list"),
        ("o.toml", "[seeds]\nn = 1", "`seeds` must be text, a number or a list"),
        ("o.toml", "seeds = 2.5", "`seeds` must be an integer"),
        ("o.toml", "seeds = [1, 2]", "`seeds` must be given once"),
        ("o.toml", "seeds =", "cannot read the options in"),
        ("o.yaml", "- seeds", "must hold fields and values"),
        ("o.yaml", "seeds: [", "cannot read the options in"),
        ("o.json", "{}", "must be .toml, .yaml or .yml"),
        ("missing.toml", None, "cannot read the options in"),
    ],
)
def test_a_bad_file_is_an_error(name: str, text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_options(tmp_path / name)


def test_yaml_without_its_library_names_the_pip_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "o.yaml").write_text(YAML)
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match="PyYAML is not installed"):
        read_options(tmp_path / "o.yaml")
