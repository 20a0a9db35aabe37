from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.automation_scores import p_f1, t_f1, v_f1
from agenttts_env.tasks.toolbox import Argument, Call, Parameter, Tool, Toolbox

PLAIN = Toolbox(tuple(Tool(name, "") for name in "fgh"))
RESOURCES = Toolbox(
    (
        Tool("Draw", "", (Parameter("text", ""),), "image"),
        Tool("Read", "", (Parameter("image", ""),), "text"),
        Tool("Rate", "", (Parameter("text", ""),)),
    ),
    resources=True,
)


def call(tool: str, *arguments: str) -> Call:
    """From ``name=value`` or bare values."""
    pairs = [argument.rpartition("=") for argument in arguments]
    return Call(tool, tuple(Argument(name, value) for name, _, value in pairs))


GOLD = (call("f", "a=1", "b=2"), call("g", "c=3"))


@pytest.mark.parametrize(
    ("predicted", "p", "t", "v"),
    [
        (GOLD, 1, 1, 1),
        ((call("g", "c=3"), call("f", "b=2", "a=1")), 1, 1, 1),  # order does not count
        ((call("f", "a=1", "b=9"), call("g", "c=3")), 2 / 3, 1, 2 / 3),  # a wrong value
        ((call("f", "a=1", "x=2"), call("g", "c=3")), 2 / 3, 2 / 3, 2 / 3),  # a wrong name
        ((call("h", "a=1", "b=2"),), 0, 0, 0),  # the wrong tool
        ((call("f", "a=1"),), 2 / 4, 2 / 4, 2 / 4),  # recall 1/3, precision 1
        ((*GOLD, *GOLD), 2 * 3 / 9, 1, 1),  # repeating oneself hurts p only
        ((*GOLD, call("f", "a=7")), 2 * 3 / 7, 1, 2 * 3 / 7),  # f-a is a name already
        ((call("f"), call("g")), 0, 0, 0),
        ((), 0, 0, 0),
    ],
)
def test_by_hand(predicted: tuple[Call, ...], p: float, t: float, v: float) -> None:
    scores = [score(predicted, GOLD, PLAIN) for score in (p_f1, t_f1, v_f1)]
    assert scores == pytest.approx([p, t, v])


def test_no_arguments_match_no_arguments_only() -> None:
    for score in (p_f1, t_f1, v_f1):
        assert score((call("h"),), (call("f"),), PLAIN) == 1
        assert score((call("f", "a=1"),), (call("f"),), PLAIN) == 0


def test_gold_that_repeats_itself_can_be_matched() -> None:
    twice = (call("f", "a=1"), call("f", "a=1"))
    assert p_f1(twice, twice, PLAIN) == 1
    assert p_f1(twice[:1], twice, PLAIN) == pytest.approx(2 / 3)


CHAIN = (call("Draw", "a cat"), call("Read", "<node-0>"), call("Rate", "<node-1>"))


@pytest.mark.parametrize(
    ("predicted", "p", "t", "v"),
    [
        (CHAIN, 1, 1, 1),
        ((call("Draw", "text=a cat"), call("Read", "image=<node-0>"), call("Rate", "x=<node-1>")), 1, 1, 1),
        # In another order: the references are other texts, but to the same tools.
        ((call("Rate", "<node-1>"), call("Read", "<node-2>"), call("Draw", "a cat")), 2 / 3, 1, 1),
        # From the wrong tool, of another type.
        ((call("Draw", "a cat"), call("Read", "<node-0>"), call("Rate", "<node-0>")), 2 / 3, 2 / 3, 2 / 3),
        # From the wrong tool of the right type ("none" and "text" differ).
        ((call("Draw", "a cat"), call("Read", "c.png"), call("Rate", "<node-1>")), 2 / 3, 1, 2 / 3),
        # A call that refers to itself has no argument; one past the end is a text.
        ((call("Draw", "a cat"), call("Read", "<node-1>"), call("Rate", "<node-7>")), 1 / 3, 2 * 2 / 5, 2 / 5),
    ],
)
def test_resources_by_hand(predicted: tuple[Call, ...], p: float, t: float, v: float) -> None:
    scores = [score(predicted, CHAIN, RESOURCES) for score in (p_f1, t_f1, v_f1)]
    assert scores == pytest.approx([p, t, v])


@pytest.mark.parametrize(
    ("value", "kind"), [("a.png", "image"), ("b.wav!", "audio"), ("c.mkv", "video"), ("d", "text")]
)
def test_kinds_of_files(value: str, kind: str) -> None:
    same_kind = {"image": "x.jpg", "audio": "x.mp3", "video": "x.mp4", "text": "x"}
    for other, text in same_kind.items():
        assert t_f1((call("Rate", value),), (call("Rate", text),), RESOURCES) == (other == kind)


def test_what_comes_from_unknown_tools_is_other() -> None:
    gold = (call("Nowhere", "a"), call("Rate", "<node-0>"))
    assert t_f1((call("Elsewhere", "a"), call("Rate", "<node-0>")), gold, RESOURCES) == pytest.approx(1 / 2)
    assert v_f1(gold, gold, RESOURCES) == 1


calls = st.lists(
    st.builds(
        Call,
        st.sampled_from(["f", "g", "Draw"]),
        st.lists(st.builds(Argument, st.sampled_from("ab"), st.sampled_from(["1", "<node-0>", "<node-9999999>"]))).map(
            tuple
        ),
    ),
    max_size=4,
).map(tuple)


@given(calls, calls, st.sampled_from([PLAIN, RESOURCES]))
def test_all_are_f1_scores(one: tuple[Call, ...], other: tuple[Call, ...], toolbox: Toolbox) -> None:
    for score in (p_f1, t_f1, v_f1):
        assert 0 <= score(one, other, toolbox) == score(other, one, toolbox) <= 1
        assert score(one, one, toolbox) == 1
