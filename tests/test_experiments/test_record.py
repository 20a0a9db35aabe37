"""Recording and replaying through the real command line, without models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.experiments import record
from agenttts_env.experiments.cli import main
from agenttts_env.experiments.options import RECORD_FIELDS
from agenttts_env.outcome_file import load_table

PIPELINE = {
    "task": "fictional-qa", "engine": "scripted", "models": "smollm2-135m,smollm2-360m", "examples": 6,
    "test_examples": 3, "max_samples": 4, "fusion": "answer=llm", "data_option": "distractors=3", "data_seed": 2,
    "temperature": 0.6,
}  # fmt: skip


def words(command: str, **options: object) -> list[str]:
    return [command, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())]


def logged(out: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        row["ledger"].pop("seconds")  # a scripted engine takes microseconds, and never the same
    return rows


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that tests only read."""
    path = tmp_path_factory.mktemp("recorded") / "toy.npz"
    assert main(words("record", **PIPELINE, out=path)) == 0
    return path


def test_a_recording_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "tables" / "toy.npz"
    monkeypatch.setattr(record, "SECONDS_BETWEEN_LINES", 0.0)
    assert main(words("record", **PIPELINE, out=table)) == 0
    out, err = capsys.readouterr()
    assert "SCRIPTED REPLAY of engine scripted" in out
    assert "6 search and 3 test examples, up to 4 samples a stage" in out
    assert f"agenttts search --task fictional-qa --backend replay --table {table}" in out
    assert "stage retrieve: 9 contexts, up to 72 samples" in err
    assert "no two outputs were alike" in err
    assert "\n72 samples drawn\n" in err
    stored = load_table(table)
    assert stored.provenance.engine == "scripted"
    assert stored.provenance.data_seed == 2
    assert stored.provenance.data_options == {"distractors": 3}
    content = table.read_bytes()
    monkeypatch.setattr(ScriptedEngine, "generate", lambda self, requests: pytest.fail("there was inference"))
    assert main(words("record", **PIPELINE, out=table)) == 0
    assert "\n0 samples were drawn now" in capsys.readouterr().out
    assert table.read_bytes() == content


def test_a_search_over_replay_logs_what_a_live_one_does(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    search = {"trials": 8, "searcher": "random", "cost": "flops", "budget": 4e13}
    live = words("search", **PIPELINE, **search, out=tmp_path / "live")
    replay = words("search", task="fictional-qa", backend="replay", table=table, **search, out=tmp_path / "replay")
    assert main(live) == main(replay) == 0
    out = capsys.readouterr().out
    assert "SCRIPTED REPLAY, engine scripted" in out
    assert logged(tmp_path / "replay") == logged(tmp_path / "live")
    summaries = [json.loads((tmp_path / name / "summary.json").read_text()) for name in ("live", "replay")]
    for summary in summaries:
        for ledger in summary["totals"].values():
            ledger.pop("seconds")
    assert summaries[0] == summaries[1]
    settings = json.loads((tmp_path / "replay/run.json").read_text())
    assert settings["labels"]["backend"] == "scripted replay"
    assert settings["table_sha256"] == load_table(table).digest
    assert (settings["examples"], settings["test_examples"], settings["max_samples"]) == (6, 3, 4)
    # Killed after trial 2: the same command goes on, with the same account.
    log = tmp_path / "replay/trials.jsonl"
    before = log.read_bytes()
    log.write_bytes(b"".join(before.splitlines(keepends=True)[:3]))
    (tmp_path / "replay/summary.json").unlink()
    assert main(replay) == 0
    assert log.read_bytes() == before


def test_the_searchers_own_llm_is_not_replayed(table: Path, tmp_path: Path) -> None:
    search = {"trials": 4, "searcher": "agenttts", "llm": "scripted:smollm2-135m", "cost": "flops", "budget": 4e13}
    assert main(words("search", **PIPELINE, **search, out=tmp_path / "live")) == 0
    replay = words("search", task="fictional-qa", backend="replay", table=table, **search, out=tmp_path / "replay")
    assert main(replay) == 0
    for live, replayed in zip(logged(tmp_path / "live"), logged(tmp_path / "replay"), strict=True):
        assert replayed["requested"] == live["requested"]
        assert replayed["score"] == live["score"]
        assert replayed["overhead"]["decode_tokens_computed"] == live["overhead"]["decode_tokens_computed"]
    assert live["overhead"]["samples_computed"] > 0


def test_levels_and_models_of_a_table_are_what_is_searched(tmp_path: Path) -> None:
    table = tmp_path / "toy.npz"
    assert main(words("record", **PIPELINE, levels="1,2,4", out=table)) == 0
    out = tmp_path / "run"
    replay = {"task": "fictional-qa", "backend": "replay", "table": table, "trials": 20, "examples": 4, "out": out}
    assert main(words("search", **replay, models="retrieve=smollm2-360m", test_examples=0, max_samples=2)) == 0
    tried = [row["allocation"] for row in logged(out) if row["state"] == "complete"]
    assert {stage["samples"] for stages in tried for stage in stages} == {1, 2}
    assert {stages[0]["model"] for stages in tried} == {"smollm2-360m"}
    assert {len(row["example_scores"]) for row in logged(out) if row["state"] == "complete"} == {4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"temperature": 0.9},
            "recorded with temperatures = {'retrieve': 0.6, 'answer': 0.6}, but got {'retrieve': 0.9",
        ),
        ({"fusion": "retrieve=llm"}, "recorded with fusions = {'retrieve': 'vote', 'answer': 'llm'}"),
        ({"task_option": "demonstrations=0"}, "recorded with task_options = {}, but got {'demonstrations': 0}"),
        (
            {"data_option": "distractors=4"},
            "recorded with data_options = {'distractors': 3}, but got {'distractors': 4}",
        ),
        ({"data": "elsewhere"}, "recorded with data = None, but got 'elsewhere'"),
        ({"data_seed": 0}, "recorded with data_seed = 2, but got 0"),
        ({"sample_seed": 1}, "recorded with sample_seed = 0, but got 1"),
        ({"engine": "transformers"}, "recorded with engine = 'scripted', but got 'transformers'"),
        ({"engine_option": "latency=1"}, "`engine_option` needs the backend live"),
        ({"examples": 7}, "6 examples in the search split, but got 7"),
        ({"test_examples": 4}, "3 examples in the test split, but got 4"),
        ({"max_samples": 5}, "`levels` must be among those recorded, 1, 2, 3, 4, but have 5"),
        ({"models": "smollm2-1.7b"}, "stage 'retrieve' offers the models smollm2-135m, smollm2-360m, but got"),
        ({"models": "ask=smollm2-135m"}, "has the stages retrieve, answer, but got 'ask'"),
        ({"task": "hotpotqa"}, "the table must be of task 'hotpotqa', but is of 'fictional-qa'"),
        ({"table": "nothing.npz"}, "there is no file nothing.npz"),
        ({"table": "nothing"}, "a table is a file .npz or one of"),
    ],
)
def test_what_was_not_recorded_is_named_in_one_line(
    options: dict[str, object], message: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    good = {"task": "fictional-qa", "backend": "replay", "table": table, "trials": 1, "out": tmp_path / "run"}
    assert main(words("search", **(good | options))) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
    assert not (tmp_path / "run").exists()


def test_a_task_without_a_table_says_how_to_record_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words("search", task="hotpotqa", backend="replay")) == 2
    assert "record one with `agenttts record --task hotpotqa`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": "1,2,2"}, "`levels` must be ascending integers >= 1, but got (1, 2, 2)"),
        ({"levels": "0,2"}, "`levels` must be ascending integers >= 1, but got (0, 2)"),
        ({"levels": "1,few"}, "`levels` must be integers with commas between them, but got 'few'"),
        ({"levels": "2,8"}, "`levels` must not exceed `max_samples`, 4, but got (2, 8)"),
        ({"cap": 0}, "`cap` must be >= 1, but got 0"),
        ({"cap": 71}, "at most 71 samples, but with stage 'retrieve' it needs 72"),
        ({"searcher": "random"}, "--searcher"),
        ({"engine": "steam"}, "'steam'"),
        ({"out": "a-file/table.npz"}, "`out` must be a file that can be written, but a-file/table.npz"),
    ],
)
def test_bad_options_of_a_recording(
    options: dict[str, object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a-file").write_text("")
    assert main(words("record", **(PIPELINE | {"out": "table.npz"} | options))) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.splitlines()[-1].startswith("error: ")
    assert not Path("table.npz").exists()


def test_the_help_of_a_recording_has_its_options_and_no_search(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["record", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: agenttts record")
    for option in ("--levels", "--cap", "--max-samples", "--out FILE", "--store"):
        assert option in out
    assert all(len(option.metadata["help"]) > 10 for option in RECORD_FIELDS)
    for option in ("--searcher", "--trials", "--budget", "--wandb", "--table"):
        assert option not in out
