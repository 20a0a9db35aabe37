import json
import pickle

import pytest

from agenttts_env.engines import ENGINES, make_engine
from agenttts_env.engines.base import Message, Request, Sampling
from agenttts_env.engines.random_json import random_json
from agenttts_env.engines.sample_seed import sample_seed
from agenttts_env.engines.scripted import ScriptedEngine, scripted_reply
from agenttts_env.engines.stopping import cut_at_stop
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.testing import check_engine, collect

MODEL = Model("toy", 1e6)
PROMPT = (Message("user", "Which sentences help?\n3. Rome is old.\n7. Paris is large.\nEnd with: Sentences: 1"),)


def request(count: int = 4, first: int = 0, seed: int = 0, **sampling: object) -> Request:
    options = {"temperature": 1.0, "max_tokens": 64, **sampling}
    return Request(PROMPT, first, count, Sampling(**options), seed)  # type: ignore[arg-type]


def test_contract() -> None:
    check_engine(ScriptedEngine(MODEL), deterministic=True)


def test_the_default_reply_answers_both_kinds_of_prompt() -> None:
    for completion in collect(ScriptedEngine(MODEL), [request(50)])[0].values():
        *_, sentences, answer = completion.text.split("\n")
        assert sentences in {"Sentences: 3", "Sentences: 7", "Sentences: 3, 7"}
        assert answer.startswith("Answer: ")


def test_samples_differ_by_index_seed_and_prompt_but_not_when_greedy() -> None:
    texts = {scripted_reply(request(), index) for index in range(20)}
    assert len(texts) > 10
    assert scripted_reply(request(seed=1), 0) != scripted_reply(request(seed=2), 0)
    assert len({scripted_reply(request(temperature=0.0), index) for index in range(20)}) == 1


def test_a_schema_is_followed() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"enum": ["Rome", "Paris"]},
            "count": {"type": "integer", "minimum": 2, "maximum": 3},
            "list": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
            "kind": {"const": "x"},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "boolean"}, {"type": "number", "maximum": 1}]},
        },
        "required": ["city", "count", "list", "kind", "maybe"],
    }
    for completion in collect(ScriptedEngine(MODEL), [request(50, schema=json.dumps(schema))])[0].values():
        value = json.loads(completion.text)
        assert set(value) == set(schema["required"])
        assert value["city"] in ("Rome", "Paris")
        assert value["count"] in (2, 3)
        assert 1 <= len(value["list"]) <= 2
        assert value["kind"] == "x"
        assert value["maybe"] is None or 0 <= value["maybe"] <= 1


def test_a_schema_that_it_does_not_know_is_refused() -> None:
    import numpy as np

    with pytest.raises(InvalidInputError, match=r"cannot follow the JSON schema .*\$ref"):
        random_json({"$ref": "#/x"}, ["a"], np.random.default_rng(0))


def test_max_tokens_and_stop_cut_the_text() -> None:
    engine = ScriptedEngine(MODEL, lambda request, index: "one two three four")
    cut = collect(engine, [request(1, max_tokens=2), request(1, stop=("three", "two"))])
    assert (cut[0][0].text, cut[0][0].finish_reason, cut[0][0].decode_tokens) == ("one two", "length", 2)
    assert (cut[1][0].text, cut[1][0].finish_reason) == ("one ", "stop")
    assert cut_at_stop("abc", ()) is None


def test_calls_are_recorded_and_survive_pickling() -> None:
    engine = ScriptedEngine(MODEL)
    collect(engine, [request(3), request(2, first=3)])
    assert [(call.first, call.count) for call in engine.calls] == [(0, 3), (3, 2)]
    assert pickle.loads(pickle.dumps(engine)).samples == 5


def test_the_seed_of_a_sample_does_not_depend_on_the_window() -> None:
    assert sample_seed(request(), 3) == sample_seed(request(first=2, max_tokens=9), 3)
    assert len({sample_seed(request(), index) for index in range(1000)}) == 1000
    assert all(0 <= sample_seed(request(), index, bits=31) < 2**31 for index in range(100))


def test_make_engine() -> None:
    for kind in ENGINES:
        assert kind in make_engine(kind, MODEL).identity
    with pytest.raises(InvalidInputError, match=r"`engine` must be one of transformers, .* but is 'llama'"):
        make_engine("llama", MODEL)
    with pytest.raises(
        InvalidInputError, match=r"the options of engine 'scripted' are reply, latency, but got 'speed'"
    ):
        make_engine("scripted", MODEL, speed=3)
