from __future__ import annotations

import json
from pathlib import Path

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.engines.base import Message, Request
from agenttts_env.engines.scripted import ScriptedEngine
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore

MODEL = Model("agent", 1e9, price=1.0)
PROMPT = (Message("user", "one two three"),)
SCHEMA = {"type": "object", "properties": {"z": {"type": "null"}, "a": {"type": "null"}}, "required": ["z", "a"]}


def build(path: Path) -> tuple[AgentLLM, ScriptedEngine]:
    engine = ScriptedEngine(MODEL, lambda request, index: f"{len(request.prompt)} messages, reply {index}")
    sampler = Sampler(SampleStore(path / "s.sqlite"), lambda model: engine)
    return AgentLLM(sampler, MODEL, temperature=0.7, max_tokens=9, run="run"), engine


def test_attempts_are_the_samples_of_one_pool(tmp_path: Path) -> None:
    llm, engine = build(tmp_path)
    assert [llm.reply(PROMPT, attempt=attempt) for attempt in (0, 1, 1, 0)] == [
        "1 messages, reply 0",
        "1 messages, reply 1",
        "1 messages, reply 1",
        "1 messages, reply 0",
    ]
    assert engine.samples == 2
    assert llm.ledger.samples_computed == 2
    assert llm.ledger.prompt_tokens_computed == 6
    assert llm.ledger.dollars > 0


def test_the_engine_gets_options_and_schema_in_order(tmp_path: Path) -> None:
    seen: list[Request] = []
    engine = ScriptedEngine(MODEL, lambda request, index: seen.append(request) or "x")  # type: ignore[func-returns-value]
    llm = AgentLLM(
        Sampler(SampleStore(tmp_path / "s"), lambda model: engine), MODEL, temperature=0.5, max_tokens=7, run="r"
    )
    llm.reply(PROMPT, schema=SCHEMA)
    assert seen[0].sampling.temperature == 0.5
    assert seen[0].sampling.max_tokens == 7
    assert seen[0].sampling.schema is not None
    assert json.loads(seen[0].sampling.schema) == SCHEMA
    assert list(json.loads(seen[0].sampling.schema)["properties"]) == ["z", "a"]


def test_a_resumed_run_pays_once_and_says_so(tmp_path: Path) -> None:
    llm, engine = build(tmp_path)
    replies = [llm.reply(PROMPT), llm.reply(PROMPT, attempt=1)]
    resumed, idle = build(tmp_path)
    assert [resumed.reply(PROMPT), resumed.reply(PROMPT, attempt=1)] == replies
    assert (engine.samples, idle.samples) == (2, 0)
    assert resumed.ledger == llm.ledger


def test_reset_counts_from_zero(tmp_path: Path) -> None:
    llm, _ = build(tmp_path)
    llm.reply(PROMPT)
    before = llm.ledger
    llm.reset()
    assert llm.ledger == Ledger()
    llm.reply(PROMPT)
    assert llm.ledger == before
