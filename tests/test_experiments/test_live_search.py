"""A whole search with a real model through the real command line: SmolLM2-135M as pipeline and as agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenttts_env.experiments.cli import main
from agenttts_env.store import SampleStore


@pytest.mark.model
def test_a_real_model_runs_the_pipeline_fuses_and_is_the_agent(tmp_path: Path) -> None:
    words = [
        "search", "--task=fictional-qa", "--engine=transformers", "--models=smollm2-135m", "--temperature=0.5",
        "--fusion=answer=llm", "--cost=flops", "--budget=5e11", "--max-samples=4", "--trials=3", "--examples=3",
        "--test-examples=2",
        "--searcher=agenttts", "--llm=transformers:smollm2-135m", "--llm-max-tokens=150",
        "--searcher-option=batch=2",
        "--searcher-option=insight_1=false", f"--out={tmp_path / 'run'}",
    ]  # fmt: skip
    assert main(words) == 0
    run = tmp_path / "run"
    rows = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    assert len(rows) == 3
    assert rows[0]["state"] == "complete"
    assert rows[0]["overhead"]["samples_computed"] == 0  # the first trial is random, the others are the agent's
    assert rows[1]["overhead"]["samples_computed"] >= 2
    notes = [json.loads(line) for line in (run / "notes.jsonl").read_text().splitlines()]
    replies = [json.loads(note["reply"]) for note in notes if note["kind"] == "candidates"]
    assert replies  # constrained decoding: SmolLM2's JSON can be read
    assert all(1 <= len(reply["candidates"]) <= 2 for reply in replies)
    summary = json.loads((run / "summary.json").read_text())
    assert 0 <= summary["test_score"] <= 1
    before, log = SampleStore(run / "samples.sqlite").count(), (run / "trials.jsonl").read_bytes()
    (run / "summary.json").unlink()
    assert main(words) == 0  # again, from the log and the store
    assert SampleStore(run / "samples.sqlite").count() == before
    assert (run / "trials.jsonl").read_bytes() == log
    assert json.loads((run / "summary.json").read_text()) == summary
