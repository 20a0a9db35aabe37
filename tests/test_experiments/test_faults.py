"""Whole searches against a server that fails: right trials, or failed ones that say why; nothing paid for is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_server import Server, task_reply

from agenttts_env.experiments.cli import main
from agenttts_env.store import SampleStore

pytest.importorskip("openai")


def run(out: Path, *servers: Server, **options: object) -> int:
    given: dict[str, object] = {
        "task": "fictional-qa", "engine": "openai", "models": "toy@1e9", "cost": "flops", "budget": 1e14, "trials": 4,
        "examples": 6, "test-examples": 3, "max-samples": 6, "seed": 1, "out": out,
    }  # fmt: skip
    engine = {"backoff": 0.001, "timeout": 0.5, "retries": 3, "concurrency": 4}
    words = [f"--{name}={value}" for name, value in (given | options).items()]
    words += [f"--engine-option={name}={value}" for name, value in engine.items()]
    return main(["search", *words, *(f"--base-url={server.url}" for server in servers)])


def trials(out: Path) -> list[dict[str, Any]]:
    """The log without wall times."""
    rows = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]
    for row in rows:
        row["ledger"].pop("seconds")
    return rows


@pytest.mark.parametrize("fault", ["500", "429", "hang", "cut", "not json", "no choices", "null choices", "no usage"])
def test_faults_that_pass_change_nothing(tmp_path: Path, make_server: Callable[..., Server], fault: str) -> None:
    faults = 2 if fault in ("hang", "429") else 12
    good, faulty = (make_server(good=task_reply, faults=f) for f in ([], [fault, "", ""] * faults))
    assert run(tmp_path / "good", good) == 0
    assert run(tmp_path / "faulty", faulty) == 0
    assert len(faulty.bodies) > len(good.bodies)
    assert trials(tmp_path / "faulty") == trials(tmp_path / "good")
    assert {row["state"] for row in trials(tmp_path / "faulty")} == {"complete"}


def test_fewer_choices_than_asked_for_still_give_all_samples(
    tmp_path: Path, make_server: Callable[..., Server]
) -> None:
    server = make_server(good=task_reply, always=lambda body: "one choice")
    assert run(tmp_path / "run", server) == 0
    assert {row["state"] for row in trials(tmp_path / "run")} == {"complete"}
    served = sum(1 for _ in server.bodies)
    assert SampleStore(tmp_path / "run" / "samples.sqlite").count() == served  # every choice that came is kept


def test_faults_that_stay_fail_the_trial_and_say_why(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    """The answering stage fails for one question; what retrieval was paid for is kept, and used when all is well."""
    broken = {"on": True}

    def fault(body: dict[str, Any]) -> str:
        return "500" if broken["on"] and body["messages"][0]["content"].startswith("You answer") else ""

    server = make_server(good=task_reply, always=fault)
    assert run(tmp_path / "broken", server, store=tmp_path / "s.sqlite") == 1
    rows = trials(tmp_path / "broken")
    assert [row["state"] for row in rows] == ["failed"] * 4
    assert all("fault 500" in row["reason"] and row["requested"] for row in rows)
    paid = SampleStore(tmp_path / "s.sqlite").count()
    assert paid > 0
    assert sum(row["ledger"]["samples_computed"] for row in rows) == paid  # failed trials say what they cost
    assert rows[0]["ledger"]["prompt_tokens_computed"] > 0
    broken["on"] = False
    before = len(server.bodies)
    assert run(tmp_path / "mended", server, store=tmp_path / "s.sqlite") == 0
    retrievals = [b for b in server.bodies[before:] if not b["messages"][0]["content"].startswith("You answer")]
    rows = trials(tmp_path / "mended")
    assert {row["state"] for row in rows} == {"complete"}
    # The search split's retrievals were all paid for by the broken run; only the test split's are new.
    assert len(retrievals) == 3
    assert rows[0]["ledger"]["samples_reused"] > 0


def test_a_dead_server_ends_in_failed_trials(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    server = make_server(always=lambda body: "401")
    assert run(tmp_path / "run", server) == 1
    rows = trials(tmp_path / "run")
    assert [row["state"] for row in rows] == ["failed"] * 4
    assert all("OPENAI_API_KEY" in row["reason"] for row in rows)


def test_an_agents_llm_that_cannot_be_reached_stops_the_search_to_be_resumed(
    tmp_path: Path, make_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]
) -> None:
    down = {"on": True}
    server = make_server(good=task_reply, always=lambda b: "500" if down["on"] and "response_format" in b else "")
    options = {"searcher": "agenttts", "llm": "openai:agent@1e9", "trials": 5, "max-samples": 3}
    assert run(tmp_path / "run", server, **options) == 1
    assert "the same command goes on where it stopped" in capsys.readouterr().err
    done = trials(tmp_path / "run")
    assert done
    assert {row["state"] for row in done} == {"complete"}
    down["on"] = False
    assert run(tmp_path / "run", server, **options) == 0
    rows = trials(tmp_path / "run")
    assert rows[: len(done)] == done
    assert len(rows) == 5
    assert {row["reason"][:40] for row in rows if row["state"] == "failed"}  # this LLM writes no JSON: it says so
