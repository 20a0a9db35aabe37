"""Prompt variants, and that everything that decides a sample is part of the key under which it is stored."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.building import build_sampler, build_task
from agenttts_env.engines.base import Prompt, Sampling
from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks import RetrievalQA, get_entry
from agenttts_env.tasks.fictional_qa import demonstrations, generate
from agenttts_env.tasks.variant import VARIANTS, get_variant

NAMES = ("2wikimultihopqa", "hotpotqa", "fictional-qa")
# Of the prompts that there were before there were variants.
DIRECT_DIGEST = "2edd2a1f3c8b5311efdaabd820cda7a7313e256ddb695dba32a39ed6d762f07b"


def test_direct_prompts_are_what_they_were_byte_for_byte() -> None:
    prompts: list[Prompt] = []
    for count in (0, 3):
        pipeline = RetrievalQA(count)
        for example in generate(3, seed=0):
            for stage, upstream in (("retrieve", {}), ("answer", {"retrieve": (0, 2)}), ("answer", {"retrieve": None})):
                prompt = pipeline.prompt(stage, example, upstream)
                prompts += [prompt, pipeline.fusion_prompt(stage, prompt, ["Answer: a", "Sentences: 1\nx"])]
    text = json.dumps([[[message.role, message.content] for message in prompt] for prompt in prompts])
    assert hashlib.sha256(text.encode()).hexdigest() == DIRECT_DIGEST


@pytest.mark.parametrize("stage", ["retrieve", "answer"])
def test_reasoning_is_asked_for_and_shown_before_the_result(stage: str) -> None:
    example = generate(1, seed=0)[0]
    direct, reason = (RetrievalQA(3, name).prompt(stage, example, {"retrieve": (0, 1)}) for name in VARIANTS)
    assert direct[0] == reason[0]
    for one, other, shown in zip(direct[2:-1:2], reason[2:-1:2], demonstrations(3), strict=True):
        thought, result = other.content.split("\n")
        assert result == one.content  # on a line of its own, and the last
        places = [thought.index(shown.example.candidates[position]) for position in shown.chain]
        assert places == sorted(places)  # in the order that leads to the answer
        pipeline = RetrievalQA()
        assert pipeline.parse(stage, other.content, shown.example, {}) == pipeline.parse(
            stage, one.content, shown.example, {}
        )
    assert VARIANTS["reason"].instruction in reason[-1].content
    assert reason[-1].content.replace(VARIANTS["reason"].instruction, "") == direct[-1].content


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_has_room_for_its_replies(name: str) -> None:
    direct, reason = (get_entry(name).build(variant=variant) for variant in VARIANTS)
    assert get_entry(name).build().stages == direct.stages
    for one, other in zip(direct.stages, reason.stages, strict=True):
        assert other.prompt_tokens - one.prompt_tokens == 120
        assert other.decode_tokens - one.decode_tokens == 40
        assert other.max_tokens - one.max_tokens == 112
        assert other.decode_tokens <= other.max_tokens


def test_an_unknown_variant_is_answered_with_the_known_ones() -> None:
    for make in (lambda: get_variant("poem"), lambda: RetrievalQA(variant="poem"), lambda: keys(variant="poem")):
        with pytest.raises(InvalidInputError, match="`variant` must be one of direct, reason, but got 'poem'"):
            make()


def keys(
    *,
    stage: str = "answer",
    model: str = "smollm2-135m",
    temperature: float = 0.9,
    sample_seed: int = 0,
    engine: str = "scripted",
    engine_options: dict[str, Any] | None = None,
    **options: Any,
) -> list[str]:
    """The store's keys of two examples under these options, by the way that the evaluator takes."""
    task = build_task("fictional-qa", models={"*": [model]}, temperatures={stage: temperature}, options=options)
    (chosen,) = (one for one in task.stages if one.name == stage)
    sampler = build_sampler(engine, ":memory:", seed=sample_seed, engine_options=engine_options)
    assert task.pipeline is not None
    prompts = [task.pipeline.prompt(stage, example, {"retrieve": (0, 1)}) for example in generate(2, seed=0)]
    assert None not in prompts
    sampling = Sampling(chosen.temperature, chosen.max_tokens)
    found = sampler.keys(stage, chosen.models[0], [prompt for prompt in prompts if prompt], sampling)
    return [key.hex() for key in found]


OPTIONS: list[dict[str, Any]] = [
    {},
    {"stage": "retrieve"},
    {"model": "smollm2-360m"},
    {"temperature": 0.5},
    {"sample_seed": 1},
    {"engine": "transformers"},
    {"engine": "transformers", "engine_options": {"dtype": "float32"}},
    {"engine": "openai"},
    {"demonstrations": 2},
    {"demonstrations": 0},
    {"variant": "reason"},
    {"variant": "reason", "demonstrations": 0},
    {"variant": "reason", "temperature": 0.5},
]


def test_other_options_have_other_keys_and_equal_ones_have_equal_keys() -> None:
    found = [key for options in OPTIONS for key in keys(**options)]
    assert len(set(found)) == len(found) == 2 * len(OPTIONS)
    assert [key for options in OPTIONS for key in keys(**options)] == found
    assert keys(variant="direct", demonstrations=3, temperature=0.9) == keys()


def test_keys_are_the_same_in_another_process() -> None:
    """Where strings have other hashes, and sets another order."""
    code = "import json; from test_variant import OPTIONS, keys; print(json.dumps([keys(**one) for one in OPTIONS]))"
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.path.dirname(__file__)},
    )
    assert json.loads(done.stdout) == [keys(**options) for options in OPTIONS]


sampling = st.builds(
    Sampling,
    temperature=st.sampled_from((0.0, 0.5, 1.0)),
    max_tokens=st.integers(1, 3),
    top_p=st.sampled_from((0.9, 1.0)),
    stop=st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    schema=st.sampled_from((None, "{}", '{"a":1,"b":2}', '{"b":2,"a":1}')),
)


@given(sampling, sampling)
def test_every_field_of_a_sampling_is_part_of_the_key(one: Sampling, other: Sampling) -> None:
    sampler, task = build_sampler("scripted", ":memory:"), build_task("fictional-qa")
    model = task.stages[0].models[0]
    prompt = RetrievalQA().prompt("retrieve", generate(1, seed=0)[0], {})
    made = [sampler.keys("retrieve", model, [prompt], used)[0] for used in (one, other)]
    assert (made[0] == made[1]) == (one == other)
