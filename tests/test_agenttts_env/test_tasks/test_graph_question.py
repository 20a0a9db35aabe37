from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.graph_question import GraphQuestion, build_examples
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.triple import Triple

ANN = GraphQuestion(
    1,
    "Who owns Rex?",
    ("Ann",),
    gold=(Triple("Rex", "pet.dog.owner", "m.01"), Triple("m.01", "pet.owner.name", "Ann")),
    near=(Triple("Rex", "pet.dog.breed", "Collie"), Triple("Rex", "pet.dog.chip", "m.02")),
)
BOB = GraphQuestion(2, "Who owns Tom?", ("Bob",), gold=(Triple("Tom", "pet.cat.owner", "Bob"),))
SUN = GraphQuestion(3, "What is big?", ("Sun",), gold=(Triple("Sun", "star.star.size", "big"),))


def gold(example: RetrievalExample) -> set[str]:
    return {example.candidates[position] for position in example.gold}


def test_all_gold_and_distractors_up_to_the_limit() -> None:
    for candidates, expected in ((100, 6), (5, 5), (3, 3)):
        example = build_examples("kg", [ANN, BOB, SUN], seed=0, candidates=candidates)[0]
        assert len(example.candidates) == expected
        assert len(example.gold) == 2
        assert {text.split(" | ")[1] for text in gold(example)} == {"pet.dog.owner", "pet.owner.name"}


def test_near_triples_come_first_and_then_those_of_the_same_family() -> None:
    shown = [set(build_examples("kg", [ANN, BOB, SUN], seed=0, candidates=n)[0].candidates) for n in range(3, 7)]
    relations = [{text.split(" | ")[1] for text in texts} for texts in shown]
    assert relations[0] < relations[1] < relations[2] < relations[3]
    assert relations[1] == {"pet.dog.owner", "pet.owner.name", "pet.dog.breed", "pet.dog.chip"}
    assert relations[2] - relations[1] == {"pet.cat.owner"}
    assert relations[3] - relations[2] == {"star.star.size"}


def test_the_same_relation_comes_before_the_same_type_and_that_before_the_same_domain() -> None:
    near = [Triple(str(n), relation, "x") for n in range(3) for relation in ("a.b", "a", "z", "a.b.c", "a.x.c", "ab.c")]
    question = GraphQuestion(1, "Q?", ("x",), gold=(Triple("s", "a.b.c", "x"),), near=tuple(near))
    for count, family in ((4, {"a.b.c"}), (7, {"a.b", "a.b.c"}), (13, {"a", "a.b", "a.b.c", "a.x.c"})):
        (example,) = build_examples("kg", [question], seed=3, candidates=count)
        assert {text.split(" | ")[1] for text in example.candidates} == family


def test_what_mentions_an_answer_is_no_distractor_of_another_question() -> None:
    other = GraphQuestion(
        2, "Who is a vet?", ("Ann", "Eve"), gold=(Triple("Ann", "job", "vet"), Triple("Eve", "job", "vet"))
    )
    first, second = build_examples("kg", [ANN, other], seed=0)
    assert "Ann | job | vet" not in first.candidates
    assert "Eve | job | vet" in first.candidates
    assert len(second.candidates) == 3


def test_unresolved_ids_get_names_that_show_what_is_shared() -> None:
    example = build_examples("kg", [ANN, BOB], seed=0)[0]
    assert not any("m.0" in text for text in example.candidates)
    owner, name = sorted(gold(example), key=lambda text: text.startswith("unnamed"))
    assert owner.split(" | ")[2] == name.split(" | ")[0]
    assert {part for text in example.candidates for part in text.split(" | ") if part.startswith("unnamed")} == {
        "unnamed-1",
        "unnamed-2",
    }


def test_questions_that_cannot_be_asked_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    without_gold = GraphQuestion(4, "Q?", ("Ann",), gold=())
    without_name = GraphQuestion(5, "Q?", ("m.01", " "), gold=BOB.gold)
    crowded = GraphQuestion(6, "Q?", ("x",), gold=tuple(Triple(str(n), "r", "x") for n in range(5)))
    with caplog.at_level(logging.WARNING):
        examples = build_examples("kg", [ANN, without_gold, BOB, without_name, crowded], seed=0, candidates=5)
    assert [example.id for example in examples] == ["kg-1", "kg-2"]
    (message,) = caplog.messages
    assert message == (
        "kg: 2 questions stay, 3 are left out: 2 without gold triples or answers, 1 with 5 gold triples or more"
    )
    caplog.clear()
    assert len(build_examples("kg", [ANN, BOB, crowded], seed=0, candidates=6)) == 3
    assert not caplog.messages


def test_the_rules_are_stated() -> None:
    with pytest.raises(InvalidInputError, match="`candidates` must be >= 2, but is 1"):
        build_examples("kg", [ANN], seed=0, candidates=1)
    with pytest.raises(InvalidInputError, match="kg must hold a question with an answer and 1 to 1 gold triples"):
        build_examples("kg", [ANN], seed=0, candidates=2)


def test_the_seed_and_the_record_make_the_order() -> None:
    assert build_examples("kg", [ANN, BOB, SUN], seed=0) == build_examples("kg", iter([ANN, BOB, SUN]), seed=0)
    orders = {build_examples("kg", [ANN, BOB, SUN], seed=seed)[0].candidates for seed in range(10)}
    assert len(orders) > 5
    places = {next(iter(build_examples("kg", [BOB, ANN], seed=seed)[0].gold)) for seed in range(40)}
    assert len(places) > 1


entities = st.sampled_from(["Ann", "Bob", "Eve", "m.01", "m.02", "g.1a"])
triples = st.lists(st.builds(Triple, entities, st.sampled_from(["a.b.c", "a.b", "d"]), entities), max_size=8).map(tuple)
answers = st.lists(entities, max_size=3).map(tuple)
drawn = st.lists(st.builds(GraphQuestion, st.just(0), st.just("Q?"), answers, triples, triples), max_size=6)


@given(drawn, st.integers(2, 9), st.integers(0, 3))
def test_no_gold_is_lost_and_no_question_is_without(drawn: list[GraphQuestion], count: int, seed: int) -> None:
    questions = [GraphQuestion(n, q.question, q.answers, q.gold, q.near) for n, q in enumerate(drawn, 1)]
    usable = {f"kg-{q.number}": q for q in questions if q.answers and 0 < len(q.gold) < count}
    if not usable:
        with pytest.raises(InvalidInputError):
            build_examples("kg", questions, seed=seed, candidates=count)
        return
    examples = build_examples("kg", questions, seed=seed, candidates=count)
    assert [example.id for example in examples] == list(usable)
    for example in examples:
        question = usable[example.id]
        assert len(example.gold) == len(question.gold)
        assert len(example.candidates) <= count
        relations = sorted(example.candidates[position].split(" | ")[1] for position in example.gold)
        assert relations == sorted(triple.relation for triple in question.gold)
        assert example.answers == question.answers
        assert len(example.candidates) >= min(count, len(question.gold) + len(question.near))
