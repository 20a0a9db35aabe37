"""A live search on a GPU, for whoever has one: ``pytest -m gpu``."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from agenttts_env.engines import make_engine
from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.experiments.cli import main
from agenttts_env.model import MODELS
from agenttts_env.testing import check_engine, collect

ENGINES = ["transformers", *(["vllm"] if importlib.util.find_spec("vllm") else [])]

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(autouse=True)
def gpu() -> None:
    torch = pytest.importorskip("torch")
    assert torch.cuda.is_available(), "tests marked `gpu` need a GPU that PyTorch can use"


@pytest.mark.parametrize("kind", ENGINES)
def test_an_engine_keeps_its_contract_on_a_gpu(kind: str) -> None:
    engine = make_engine(kind, MODELS["smollm2-135m"], dtype="float32")
    check_engine(engine, deterministic=True, reload=False)
    engine.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_samples_on_a_gpu_do_not_depend_on_what_was_asked_before(kind: str) -> None:
    engine = make_engine(kind, MODELS["smollm2-135m"], dtype="float32")
    prompt, warm = (Message("user", "Name a river."),), Sampling(temperature=0.9, max_tokens=12)
    whole = collect(engine, [Request(prompt, 0, 8, warm, seed=1)])[0]
    part = collect(engine, [Request(prompt, 5, 3, warm, seed=1)])[0]
    engine.close()
    assert sum(whole[i].text == part[i].text for i in (5, 6, 7)) >= 2  # rounding of batches may move one


@pytest.mark.parametrize("kind", ENGINES)
def test_a_live_search_on_a_gpu(tmp_path: Path, kind: str) -> None:
    words = [
        "search", "--task=fictional-qa", f"--engine={kind}", "--models=smollm2-135m", "--cost=flops", "--budget=4.2e11",
        "--searcher=insight-rules", "--trials=8", "--max-samples=16", "--examples=20", "--test-examples=20",
        f"--out={tmp_path / 'run'}",
    ]  # fmt: skip
    assert main(words) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    assert [row["state"] for row in rows] == ["complete"] * 8
    assert sum(row["ledger"]["samples_computed"] for row in rows) > 0
