from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.tasks.json_replies import as_line, last_list

any_text = st.text(st.characters(exclude_categories=()), max_size=80)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"steps": ["a", "b"]}', ["a", "b"]),
        ('Sure!\n```json\n{\n "plan": 1,\n "steps" : [ "a" ]\n}\n```\nAnything else?', ["a"]),
        ('{"steps": ["a", "b",], }', ["a", "b"]),
        ('{"steps": [{"x": ["y",],}, ]}', [{"x": ["y"]}]),
        ('"steps": ["a", "b', ["a"]),  # broken off, and without a brace
        ('{"steps": [{"x": 1}, {"x": ', [{"x": 1}]),
        ('{"steps": ["a" "b"]}', ["a", "b"]),
        ('{"steps": ["a", oops, "b"]}', ["a"]),
        ('{"steps": ["line\nbreak"]}', ["line\nbreak"]),
        ('{"steps": ["first"]} No: {"steps": ["second"]}', ["second"]),
        ('{"steps": ["first"]} {"steps": []}', ["first"]),
        ('{"steps": ["say \\"steps\\": [1]"]}', ['say "steps": [1]']),
        ('{"steps": []}', []),
        ('{"steps": "a"}', []),
        ('{"step": ["a"]}', []),
        ("steps: a, b", []),
        ("", []),
        ('{"steps": ' + "[" * 100_000, []),
        ('{"steps": ["a", ' + '{"b":' * 100_000, ["a"]),
        ('{"steps": [' + "9" * 10_000, []),
        ('{"steps": ["a", ' + "9" * 10_000 + "]}", ["a"]),
    ],
)
def test_lists(text: str, expected: list[object]) -> None:
    assert last_list(text, "steps") == expected


@given(any_text, st.lists(values.filter(lambda value: value == value), max_size=4), st.text("abc `.\n"))
def test_lists_round_trip(before: str, items: list[object], after: str) -> None:
    found = last_list(before + json.dumps({"more": 1, "steps": items}) + after, "steps")
    assert json.dumps(found) == json.dumps(items)


@given(values, st.integers(min_value=0))
def test_truncated_replies_give_the_first_items(value: object, cut: int) -> None:
    whole = ["x", value, "y"]
    text = json.dumps({"steps": whole})
    found = last_list(text[: cut % (len(text) + 1)], "steps")
    if "steps" not in json.dumps(value):
        known = [json.dumps(item) for item in whole]
        complete = [json.dumps(item) for item in found]
        assert complete[:2] == known[: len(complete[:2])]


@given(any_text | st.text('{}[]":,steps\\ 1\n', max_size=60))
def test_never_raise(text: str) -> None:
    for reply in (text, f'{{"steps": [{text}', f'{{"steps": {text}', f'"steps": [{text}]}}'):
        found = last_list(reply, "steps")
        assert isinstance(found, list)
        for line in map(as_line, found):
            assert line is None or line.encode().decode() == " ".join(line.split())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" a\n b ", "a b"),
        (None, None),
        (True, "true"),
        (3.5, "3.5"),
        (float("nan"), "NaN"),
        ({"b": ["é"], "a": None}, '{"a": null, "b": ["é"]}'),
        ("half \ud83d", "half ?"),
        ([10**5000], None),
    ],
)
def test_lines(value: object, expected: str | None) -> None:
    assert as_line(value) == expected


@pytest.mark.parametrize(
    "piece",
    ['{"steps": [', '"steps":[1]', '["', "[", "{", '"', ",", ", ]", " ", "\\", '{"steps": ["a", ', "1,", '"a",'],
)
def test_huge_texts_take_linear_time(piece: str) -> None:
    huge = piece * (1_000_000 // len(piece))
    start = time.process_time()
    for text in (huge, '{"steps": [' + huge, '{"steps": ["' + huge):
        last_list(text, "steps")
    assert time.process_time() - start < 5
