"""The engine against a server that fails in every way a server can."""

import json
import pickle
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from fake_server import Server

from agenttts_env.engines.base import Completion, Message, Request, Sampling
from agenttts_env.engines.openai import OpenAIEngine
from agenttts_env.engines.openai_reply import BadReplyError, read_reply
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.model import Model
from agenttts_env.testing import check_engine, collect

pytest.importorskip("openai")

MODEL = Model("toy", 1e6, source="org/toy")
SAMPLING = Sampling(temperature=0.5, max_tokens=8)


def engine(*servers: Server, **options: Any) -> OpenAIEngine:
    defaults: dict[str, Any] = {"backoff": 0.01, "timeout": 5.0, "retries": 3, "api_key": "sk-secret"}
    return OpenAIEngine(MODEL, base_urls=tuple(server.url for server in servers), **{**defaults, **options})


def request(name: str = "prompt", first: int = 0, count: int = 1, sampling: Sampling = SAMPLING) -> Request:
    return Request((Message("system", "Be brief."), Message("user", name)), first, count, sampling, seed=3)


def drain(used: OpenAIEngine, requests: list[Request]) -> tuple[dict[int, list[Completion]], str]:
    """What was yielded, and the error at the end."""
    drawn: dict[int, list[Completion]] = {}
    try:
        for position, completions in used.generate(requests):
            drawn.setdefault(position, []).extend(completions)
    except EngineError as error:
        return drawn, str(error)
    raise AssertionError("generate ended without an error")


def test_contract(make_server: Callable[..., Server]) -> None:
    check_engine(engine(make_server()), deterministic=False)


def test_what_is_sent(make_server: Callable[..., Server]) -> None:
    server = make_server()
    sampling = Sampling(0.3, 8, 0.9, stop=("\n",), schema='{"type":"object"}')
    collect(engine(server), [request(count=3, first=4, sampling=sampling)])
    (body,) = server.bodies
    seed = body.pop("seed")
    assert 0 <= seed < 2**31
    assert body == {
        "model": "org/toy",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "prompt"}],
        "max_tokens": 8,
        "temperature": 0.3,
        "top_p": 0.9,
        "n": 3,
        "stop": ["\n"],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": {"type": "object"}},
        },
    }


def test_reasoning_models_have_another_name_for_the_limit(make_server: Callable[..., Server]) -> None:
    server = make_server()
    collect(engine(server, limit_field="max_completion_tokens"), [request()])
    assert "max_tokens" not in server.bodies[0]
    assert server.bodies[0]["max_completion_tokens"] == 8
    with pytest.raises(InvalidInputError, match="`limit_field` must be"):
        engine(server, limit_field="most")


@pytest.mark.parametrize("fault", ["500", "503", "cut", "not json", "no choices", "null choices", "no usage"])
def test_a_fault_that_passes_costs_one_more_call(make_server: Callable[..., Server], fault: str) -> None:
    server = make_server(faults=[fault, fault])
    drawn = collect(engine(server), [request(count=2)])
    assert [completion.text for completion in drawn[0].values()] == ["prompt 0", "prompt 1"]
    assert len(server.bodies) == 3


def test_a_hanging_call_is_given_up_after_the_timeout(make_server: Callable[..., Server]) -> None:
    server = make_server(faults=["hang"])
    collect(engine(server, timeout=0.5), [request()])
    assert len(server.bodies) == 2


def test_retry_after_is_respected(make_server: Callable[..., Server]) -> None:
    server = make_server(faults=["429"])
    collect(engine(server), [request()])
    assert server.times[1] - server.times[0] >= 0.3


def test_a_fault_that_stays_ends_in_an_error_after_everything_else_was_yielded(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(always=lambda body: "500" if body["messages"][-1]["content"] == "bad" else "")
    requests = [request("bad", count=4), *(request(f"good{i}", count=2) for i in range(5))]
    drawn, message = drain(engine(server, concurrency=2), requests)
    assert sorted(drawn) == [1, 2, 3, 4, 5]
    assert all(len(completions) == 2 for completions in drawn.values())
    assert (
        message == "4 samples of 1 of 6 requests to org/toy are missing; the last error: " + message.split(": ", 1)[1]
    )
    assert "fault 500" in message
    assert len(server.bodies) == 4 + 5


def test_a_refused_call_is_not_tried_again_and_carries_a_hint(make_server: Callable[..., Server]) -> None:
    server = make_server(always=lambda body: "400" if body["messages"][-1]["content"] == "bad" else "")
    drawn, message = drain(engine(server), [request("bad"), request("good")])
    assert list(drawn) == [1]
    assert "fault 400" in message
    assert "fit the context" in message
    assert len(server.bodies) == 2


@pytest.mark.parametrize(("status", "hint"), [("401", "OPENAI_API_KEY"), ("404", "/v1")])
def test_a_hopeless_server_is_not_asked_again(make_server: Callable[..., Server], status: str, hint: str) -> None:
    server = make_server(always=lambda body: status)
    drawn, message = drain(engine(server, concurrency=2), [request(str(i)) for i in range(50)])
    assert not drawn
    assert "50 samples of 50 of 50 requests" in message
    assert hint in message
    assert "sk-secret" not in message
    assert len(server.bodies) <= 2


def test_a_dead_server_is_given_up(make_server: Callable[..., Server]) -> None:
    server = make_server(always=lambda body: "500")
    drain(engine(server, concurrency=2, retries=1), [request(str(i)) for i in range(50)])
    assert len(server.bodies) <= 6


def test_nobody_listens() -> None:
    used = OpenAIEngine(MODEL, base_urls="http://127.0.0.1:9/v1", retries=1, backoff=0.0)
    drawn, message = drain(used, [request()])
    assert not drawn
    assert "server 127.0.0.1:9: " in message


def test_fewer_choices_are_kept_and_the_rest_is_asked_for(make_server: Callable[..., Server]) -> None:
    server = make_server(always=lambda body: "one choice")
    drawn = collect(engine(server), [request(count=3)])
    assert [body.get("n", 1) for body in server.bodies] == [3, 2, 1]
    assert len({body["seed"] for body in server.bodies}) == 3
    assert sorted(drawn[0]) == [0, 1, 2]


def test_paid_choices_are_yielded_before_the_error(make_server: Callable[..., Server]) -> None:
    server = make_server(faults=["one choice", "500", "500"])
    drawn, message = drain(engine(server, retries=1), [request(count=3)])
    assert [completion.index for completion in drawn[0]] == [0]
    assert "2 samples of 1 of 1 requests" in message


def test_max_n_splits_the_calls(make_server: Callable[..., Server]) -> None:
    server = make_server()
    collect(engine(server, max_n=2), [request(count=5, first=1)])
    assert sorted(body.get("n", 1) for body in server.bodies) == [1, 2, 2]


def test_greedy_samples_are_asked_for_one_by_one(make_server: Callable[..., Server]) -> None:
    server = make_server()
    collect(engine(server), [request(count=3, sampling=Sampling(0.0, 8))])
    assert [body.get("n", 1) for body in server.bodies] == [1, 1, 1]


def test_missing_content_is_an_empty_text_and_missing_usage_can_count_zero(make_server: Callable[..., Server]) -> None:
    server = make_server(faults=["no content"])
    assert collect(engine(server), [request()])[0][0].text == ""
    drawn, message = drain(engine(make_server(always=lambda body: "no usage")), [request()])
    assert not drawn
    assert "missing_usage='zero'" in message
    zero = engine(make_server(always=lambda body: "no usage"), missing_usage="zero")
    assert collect(zero, [request()])[0][0].decode_tokens == 0


def test_calls_are_spread_over_the_servers_and_move_on_when_one_is_down(make_server: Callable[..., Server]) -> None:
    good, bad = make_server(), make_server(always=lambda body: "500")
    collect(engine(good, bad), [request(str(i)) for i in range(6)])
    assert len(good.bodies) == 6
    assert len(bad.bodies) == 3


def test_concurrency_is_used_and_bounded(make_server: Callable[..., Server]) -> None:
    server = make_server(delay=0.1)
    start = time.monotonic()
    drawn = collect(engine(server, concurrency=4), [request(str(i)) for i in range(12)])
    wall = time.monotonic() - start
    assert 2 <= server.most_at_once <= 4
    shares = sum(completion.seconds for samples in drawn for completion in samples.values())
    assert 0.3 <= shares <= wall


def test_stopping_early_cancels_what_is_under_way(make_server: Callable[..., Server]) -> None:
    server = make_server(delay=0.05)
    generator = engine(server, concurrency=2).generate([request(str(i)) for i in range(100)])
    next(generator)
    generator.close()
    time.sleep(0.2)  # the server may still be reading what had been sent
    calls = len(server.bodies)
    time.sleep(0.2)
    assert len(server.bodies) == calls <= 6
    assert not [thread for thread in threading.enumerate() if thread.name == "OpenAIEngine"]


def test_the_environment_names_server_and_key(
    make_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = make_server()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    used = pickle.loads(pickle.dumps(OpenAIEngine(MODEL)))
    collect(used, [request()])
    assert len(server.bodies) == 1
    assert used.identity == "openai"


def test_generated_tokens_are_split_so_that_the_sum_is_exact() -> None:
    texts = ["a", "bb bb", "", "a much longer text"]
    reply = {
        "choices": [{"message": {"content": text}, "finish_reason": "length"} for text in texts],
        "usage": {"prompt_tokens": 5, "completion_tokens": 23},
    }
    drawn = read_reply(json.dumps(reply), 2, 4, 8.0, most=10, zero_usage=False)
    assert sum(completion.decode_tokens for completion in drawn) == 23
    assert [completion.text for completion in drawn] == texts
    assert [completion.index for completion in drawn] == [2, 3, 4, 5]
    assert [completion.decode_tokens for completion in drawn] == [3, 9, 1, 10]  # the long text may have no more
    assert drawn[0].seconds == 2.0
    with pytest.raises(BadReplyError, match="not JSON"):
        read_reply("", 0, 1, 0.0, most=10, zero_usage=False)


def test_options_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="`concurrency` must be >= 1, but is 0"):
        OpenAIEngine(MODEL, concurrency=0)
    with pytest.raises(InvalidInputError, match="timeout > 0"):
        OpenAIEngine(MODEL, timeout=0)
    with pytest.raises(InvalidInputError, match="`missing_usage`"):
        OpenAIEngine(MODEL, missing_usage="guess")  # type: ignore[arg-type]
