"""The options of a search: every one of them, wrong, and what identifies a run."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import pytest

from agenttts_env.cost import COSTS
from agenttts_env.engines import ENGINES
from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments import parsing
from agenttts_env.experiments.cli import main
from agenttts_env.experiments.options import SearchOptions
from agenttts_env.experiments.searchers import SEARCHERS
from agenttts_env.stage import Fusion

# For every option: words that break its rule, and what the message says.
BAD = {
    "task": [("nothing", "'nothing'")],
    "models": [
        ("smollm2-135m,", "`models` must name at least one model per stage"),
        ("", "`models` must name at least one model per stage"),
        ("nowhere=smollm2-135m", "'nowhere'"),
        ("no-such-model", "'no-such-model'"),
        ("smollm2-135m,smollm2-135m", "model names must be unique"),
    ],
    "cost": [("gold", "`cost` must be one of paper, flops, usd, but got 'gold'")],
    "budget": [
        ("much", "`budget` must be a number, but got 'much'"),
        ("nan", "`budget` must be finite, but got nan"),
        ("-1000", "`budget` must pay at least the cheapest allocation"),
    ],
    "max_samples": [
        ("0", "`max_samples` must lie in [1, 1000], but got 0"),
        ("1001", "`max_samples` must lie in [1, 1000], but got 1001"),
        ("few", "`max_samples` must be an integer, but got 'few'"),
    ],
    "temperature": [
        ("hot", "`temperature` must be a number, but got 'hot'"),
        ("3", "`temperature` must lie in [0, 2]"),
        ("nowhere=1", "'nowhere'"),
    ],
    "fusion": [("blend", "'blend'"), ("nowhere=vote", "'nowhere'")],
    "searcher": [("nobody", "'nobody'")],
    "llm": [("scripted", "`llm` must read ENGINE:MODEL, but got 'scripted'"), ("steam:smollm2-135m", "'steam'")],
    "trials": [("0", "`trials` must be >= 1, but got 0"), ("1.5", "`trials` must be an integer, but got '1.5'")],
    "infeasible": [("ignore", "`infeasible` must be one of penalise, project, but got 'ignore'")],
    "seed": [("-1", "`seed` must lie in [0, 2**32), but got -1")],
    "searcher_option": [
        ("fast", "`searcher_option` must read KEY=VALUE, but got 'fast'"),
        ("no_such=1", "'no_such'"),
    ],
    "data": [("no/such/folder", "no/such/folder")],
    "examples": [("0", "`examples` must be >= 1, but got 0")],
    "test_examples": [("-1", "`test_examples` must be >= 0, but got -1")],
    "data_seed": [("-1", "`data_seed` must lie in [0, 2**32), but got -1")],
    "engine": [("steam", "'steam'")],
    "task_option": [("shots=1", "'shots'"), ('demonstrations="two"', "'two'"), ("demonstrations=-1", "is -1")],
    "data_option": [("jumps=2", "'jumps'"), ("hops=9", "`hops` must be <= 4, but is 9")],
    "engine_option": [("no_such=1", "'no_such'"), ("=1", "`engine_option` must read KEY=VALUE, but got '=1'")],
    "llm_temperature": [("3", "`llm_temperature` must lie in [0, 2], but got 3.0"), ("hot", "'hot'")],
    "llm_max_tokens": [("0", "`llm_max_tokens` must be >= 1, but got 0")],
    "llm_option": [("latency=0", "`llm_option` needs an `llm`, but got {'latency': 0}")],
    "backend": [("dreamt", "`backend` must be one of live, replay, simulated, but got 'dreamt'")],
    "table": [("table.npz", "`table` needs the backend replay, but got 'table.npz'")],
    "sample_seed": [(str(2**32), f"`sample_seed` must lie in [0, 2**32), but got {2**32}")],
    "base_url": [("http://localhost", "`base_url` needs the engine openai, but got ('http://localhost',)")],
    "out": [("a-file/run", "`out` must be a folder that can be made, but a-file/run")],
    "store": [("no-folder/samples.sqlite", "no-folder"), ("a-file", "a-file is not a sample store")],
    "wandb": [("maybe", "`wandb` must be one of off, offline, online, but got 'maybe'")],
}


def test_every_option_is_tried() -> None:
    assert set(BAD) == {option.name for option in fields(SearchOptions)}


@pytest.mark.parametrize(
    ("option", "word", "message"), [(option, *case) for option, cases in BAD.items() for case in cases]
)
def test_a_bad_option_is_one_clear_line(
    option: str,
    word: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a-file").write_text("not a database, and long enough that SQLite looks at it")
    good = {"task": "fictional-qa", "engine": "scripted", "out": "run", "trials": "1"}
    words = [w for name, value in (good | {option: word}).items() for w in (f"--{name.replace('_', '-')}", value)]
    assert main(["search", *words]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not Path("run/run.json").exists()  # a corrected command may have this folder


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "COMMAND"),
        (["serve"], "serve"),
        (["search", "--engine", "scripted"], "--task"),
        (["search", "--task", "fictional-qa", "--engine", "scripted", "--tria", "3"], "--tria"),
        (["search", "--task", "a", "--engine", "b", "--trials", "1", "--trials", "2"], "once, but got '1' and '2'"),
        (["search", "--task", "a", "--engine", "b", "--fusion", "x=vote", "--fusion", "x=llm"], "once for 'x'"),
        (["show"], "DIR"),
    ],
)
def test_a_bad_command_line_is_one_clear_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_values_are_read_by_stage() -> None:
    assert parsing.stage_lists("models", ["a=x,y", "z"]) == {"a": ("x", "y"), "*": ("z",)}
    assert parsing.stage_numbers("temperature", ["a=0.5", "1"]) == {"a": 0.5, "*": 1.0}
    assert parsing.json_values("engine_option", ["a=1", "b=text", 'c=["x=y"]', "d=null"]) == {
        "a": 1, "b": "text", "c": ["x=y"], "d": None,
    }  # fmt: skip


def test_settings_hold_what_decides_the_results_and_nothing_else() -> None:
    options = SearchOptions(task="t", engine="openai", models={"*": ("a", "b")}, budget=3)
    settings = options.settings()
    assert settings["version"] == version("agenttts-env")
    assert settings["models"] == {"*": ["a", "b"]}
    elsewhere = replace(options, out="x", store="y", wandb="offline", base_url=("http://localhost",))
    assert elsewhere.settings() == settings
    for name, value in {"trials": 3, "seed": 1, "data": "d", "llm": "openai:m", "fusion": {"*": "llm"}}.items():
        assert replace(options, **{name: value}).settings() != settings


def test_every_option_has_help() -> None:
    for option in fields(SearchOptions):
        assert len(option.metadata["help"]) > 10


def test_help_names_what_there_is() -> None:
    helps = {option.name: option.metadata["help"] for option in fields(SearchOptions)}
    for option, names in {"searcher": SEARCHERS, "engine": ENGINES, "cost": COSTS, "fusion": get_args(Fusion)}.items():
        for name in names:
            assert name.removesuffix("+init") in helps[option]


def test_options_have_a_folder_by_default() -> None:
    options = SearchOptions(task="t", engine="scripted", seed=3)
    assert options.folder == Path("runs/t-random-3")
    assert options.store_file == Path("runs/t-random-3/samples.sqlite")
    with pytest.raises(InvalidInputError, match="`task` must be given"):
        SearchOptions(engine="scripted")
