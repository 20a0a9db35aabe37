from __future__ import annotations

import pytest

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.toolbox import Argument, Parameter, Tool, Toolbox, read_arguments

BOX = Toolbox(
    (
        Tool("get_weather", "Weather.", (Parameter("city", "string"), Parameter("date", "date"))),
        Tool("Image-to-Text", "Reads.", (Parameter("image", ""),), "text"),
    )
)


def test_tools_are_listed_one_a_line() -> None:
    assert BOX.text == "- get_weather(city, date): Weather.\n- Image-to-Text(image) -> text: Reads."


@pytest.mark.parametrize("name", ["get_weather", "Get Weather", "getWeather", "get-weather!"])
def test_names_are_found_however_they_are_spelt(name: str) -> None:
    assert BOX.find(name) is BOX.tools[0]
    assert BOX.spelling(name) == "get_weather"


@pytest.mark.parametrize("name", ["weather", "get_weather2", "", "_"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert BOX.find(name) is None
    assert BOX.spelling(name) == name


@pytest.mark.parametrize("names", [[], ["a", "A"], ["a b", "a_b"]])
def test_names_must_differ(names: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="must hold tools of different names"):
        Toolbox(tuple(Tool(name, "") for name in names))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"name": "a", "value": "1"}, {"value": 2, "name": "b"}], [("a", "1"), ("b", "2")]),
        ({"a": "1", "b": [2]}, [("a", "1"), ("b", "[2]")]),
        ([{"a": "1"}, {"b": 2, "c": None}], [("a", "1"), ("b", "2")]),
        (["x.png", "<node-0>"], [("", "x.png"), ("", "<node-0>")]),
        ("<node-0>", [("", "<node-0>")]),
        ({"name": "a", "value": {"x": 1}}, [("a", '{"x": 1}')]),
        ([{"name": None, "value": ""}], [("", "")]),
        ([{"name": "a", "value": None}, None], []),
        (None, []),
        ([[1], {}], [("", "[1]")]),
    ],
)
def test_arguments_of_any_shape(value: object, expected: list[tuple[str, str]]) -> None:
    assert read_arguments(value) == tuple(Argument(*pair) for pair in expected)
