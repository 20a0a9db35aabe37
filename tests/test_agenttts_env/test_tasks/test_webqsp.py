from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.records import from_rows
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.triple import is_unnamed
from agenttts_env.tasks.webqsp import convert_webqsp, load_webqsp


def answer(name: str | None, argument: str = "m.0a") -> dict[str, Any]:
    return {"EntityName": name, "AnswerArgument": argument, "AnswerType": "Entity" if name else "Value"}


def parse(**changes: Any) -> dict[str, Any]:
    return {
        "TopicEntityName": "Rex",
        "TopicEntityMid": "m.078w2",
        "InferentialChain": ["pet.dog.owner"],
        "Constraints": [],
        "Answers": [answer("Ann"), answer("Bob")],
    } | changes


def constraint(node: int, operator: str = "Equal", name: str | None = "Woman") -> dict[str, Any]:
    return {
        "Operator": operator,
        "ArgumentType": "Entity",
        "Argument": "2015-08-10",
        "EntityName": name,
        "SourceNodeIndex": node,
        "NodePredicate": "people.person.kind",
        "ValueType": "String",
    }


def row(*parses: object, **changes: Any) -> dict[str, Any]:
    """A record as the shared sample, and the publishers' files, have them."""
    return {
        "QuestionId": "WebQTest-1",
        "RawQuestion": "who owns rex?",
        "ProcessedQuestion": "who owns rex",
        "Parses": list(parses),
    } | changes


def gold(example: RetrievalExample) -> set[str]:
    return {example.candidates[position] for position in example.gold}


def convert(*parses: dict[str, Any]) -> RetrievalExample:
    (example,) = convert_webqsp(from_rows("file", [row(*parses)]), seed=0)
    return example


def test_one_relation_gives_a_triple_for_every_answer() -> None:
    example = convert(parse())
    assert gold(example) == {"Rex | pet.dog.owner | Ann", "Rex | pet.dog.owner | Bob"}
    assert example.answers == ("Ann", "Bob")
    assert (example.id, example.question) == ("webqsp-1", "who owns rex?")


def test_two_relations_lead_over_a_nameless_thing() -> None:
    chain = ["pet.dog.owned", "pet.ownership.owner"]
    example = convert(parse(InferentialChain=chain, Constraints=[constraint(0), constraint(1, name=None)]))
    texts = gold(example)
    assert len(texts) == 8
    for name in ("Ann", "Bob"):
        (second,) = (text for text in texts if text.endswith(f" | pet.ownership.owner | {name}"))
        thing = second.split(" | ")[0]
        assert thing.startswith("unnamed-")
        assert {f"Rex | pet.dog.owned | {thing}", f"{thing} | people.person.kind | Woman"} <= texts
        assert f"{name} | people.person.kind | 2015-08-10" in texts


def test_a_triple_with_a_blank_part_says_nothing() -> None:
    blank = {"TopicEntityName": " ", "Answers": [answer("Eve")]}
    example = convert(parse(), parse(**blank))
    assert gold(example) == {"Rex | pet.dog.owner | Ann", "Rex | pet.dog.owner | Bob"}


def test_a_bound_adds_nothing() -> None:
    assert len(gold(convert(parse(Constraints=[constraint(0, operator="LessOrEqual", name=None)])))) == 2


def test_all_parses_count_and_share_the_nameless_things_of_a_chain() -> None:
    chain = ["pet.dog.owned", "pet.ownership.owner"]
    example = convert(
        parse(InferentialChain=chain, Answers=[answer("Ann")], Constraints=[constraint(0, name="A")]),
        parse(
            InferentialChain=chain, Answers=[answer("Ann"), answer(None, "AUD")], Constraints=[constraint(0, name="B")]
        ),
        parse(InferentialChain=None, Answers=[answer("Eve")]),
    )
    assert len(gold(example)) == 2 + 2 + 1 + 2
    assert {text.split(" | ")[2] for text in gold(example)} >= {"A", "B", "Ann", "AUD"}
    assert example.answers == ("Ann", "AUD", "Eve")


def test_nameless_things_of_different_questions_are_different() -> None:
    chain = {"InferentialChain": ["pet.dog.owned", "pet.ownership.owner"]}
    other = {"TopicEntityName": "Tom", "Answers": [answer("Eve")]}
    rows = [row(parse(**chain)), row(parse(**chain, **other))]
    for example in convert_webqsp(from_rows("file", rows), seed=0):
        assert len(example.candidates) == 6
        assert len({part for text in example.candidates for part in text.split(" | ") if "unnamed" in part}) == 3


def test_rows_of_the_hub_become_examples() -> None:
    fields = {
        "id": "WebQTest-0",
        "question": "who owns rex",
        "answer": ["Ann"],
        "q_entity": ["Rex"],
        "a_entity": ["Ann"],
        "graph": [["Rex", "pet.dog.owner", "Ann"], ["Ann", "job", "vet"]],
        "choices": [],
    }
    (example,) = convert_webqsp(from_rows("hub", [fields]), seed=0)
    assert gold(example) == {"Rex | pet.dog.owner | Ann"}
    assert len(example.candidates) == 2


def test_the_publishers_file_wraps_its_list(tmp_path: Path) -> None:
    file = tmp_path / "WebQSP.test.json"
    file.write_text(json.dumps({"Version": "1.0", "Questions": [row(parse())]}), encoding="utf-8")
    assert [example.id for example in load_webqsp(file)] == ["webqsp-1"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"RawQuestion": ""}, "`RawQuestion` must be text"),
        ({"Parses": None}, "`Parses` must be a list"),
        ({"Parses": [{}]}, "`Parses` must have WebQSP's layout, but: KeyError"),
        ({"Parses": [parse(TopicEntityName=None)]}, "`Parses` must have WebQSP's layout"),
        ({"Parses": [parse(Constraints=[constraint(5)])]}, "`Parses` must have WebQSP's layout, but: IndexError"),
    ],
)
def test_bad_records_are_named(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^file, record 2: {rule}"):
        convert_webqsp(from_rows("file", [row(parse()), row(parse(), **changes)]), seed=0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def refusal(fields: dict[str, Any]) -> str:
    """Why a record is refused; nothing if it is not."""
    try:
        convert_webqsp(from_rows("file", [row(parse()), fields]), seed=0)
    except InvalidInputError as error:
        return str(error)
    return ""


@given(st.sampled_from([*parse()]), json_values)
def test_any_value_in_a_parse_converts_or_is_refused(field: str, value: Any) -> None:
    message = refusal(row(parse(**{field: value})))
    assert not message or message.startswith("file, record 2: `Parses` must have WebQSP's layout")


@pytest.mark.data
def test_the_real_sample(data_folder: Callable[[str], Path], caplog: pytest.LogCaptureFixture) -> None:
    folder = data_folder("webqsp")
    examples = load_webqsp(folder)
    assert caplog.messages == [
        "webqsp: 575 questions stay, 25 are left out: "
        "12 without gold triples or answers, 13 with 100 gold triples or more"
    ]
    records = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
    assert len(examples) == 575
    for example in examples:
        record = records[int(example.id.removeprefix("webqsp-")) - 1]
        assert example.question == record["RawQuestion"]
        assert len(example.candidates) == 100
        assert not any(is_unnamed(part) for text in example.candidates for part in text.split(" | "))
        shown = gold(example)
        for found in record["Parses"]:
            chain = found["InferentialChain"] or []
            for reply in found["Answers"] if chain else []:
                name = reply["EntityName"] or reply["AnswerArgument"]
                assert is_unnamed(name) or any(text.endswith(f" | {chain[-1]} | {name}") for text in shown)
                assert is_unnamed(name) or name in example.answers
            assert not chain or any(text.startswith(f"{found['TopicEntityName']} | {chain[0]} | ") for text in shown)
    assert load_webqsp(folder) == examples
    assert load_webqsp(folder, seed=1) != examples
