from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.fictional_qa import MAX_HOPS, demonstrations, generate
from agenttts_env.tasks.fictional_world import RELATIONS, Entity, Fact
from agenttts_env.tasks.retrieval_example import RetrievalExample

knobs = {"seed": st.integers(0, 10_000), "hops": st.integers(1, MAX_HOPS), "distractors": st.integers(1, 30)}


FORMS = {
    Fact(Entity(relation.subject, "X"), relation, Entity(relation.object, "X")).sentence(form): relation
    for relation in RELATIONS
    for form in range(len(relation.sentences))
}


def masked(text: str) -> str:
    """A sentence with X for every invented name."""
    return re.sub("|".join(names(text)), "X", text)


def names(text: str) -> set[str]:
    """The invented names in a text: its capitalised words but the English ones."""
    return set(re.findall(r"\b[A-Z][a-z]+\b", text)) - {"The", "In", "What", "Which", "Who", "On", "Of", "To", "Guild"}


@given(**knobs)
def test_an_example_is_what_was_asked_for(seed: int, hops: int, distractors: int) -> None:
    for example in generate(3, seed=seed, hops=hops, distractors=distractors):
        assert len(example.gold) == hops
        assert len(example.candidates) == hops + distractors
        assert example.question.endswith("?")
        assert all(text[0].isupper() and text.endswith(".") for text in example.candidates)


@given(**knobs)
def test_the_answer_needs_the_last_hop_and_the_question_leads_to_it(seed: int, hops: int, distractors: int) -> None:
    (example,) = generate(1, seed=seed, hops=hops, distractors=distractors)
    answer = example.answers[0]
    mentioning = {position for position, text in enumerate(example.candidates) if answer in text}
    assert len(mentioning) == 1
    assert mentioning <= example.gold
    assert answer not in example.question
    # Walk from the question's only name over the gold sentences, each of which joins two names, to the answer.
    (at,) = names(example.question)
    gold = [names(example.candidates[position]) for position in example.gold]
    while gold:
        (here,) = [pair for pair in gold if at in pair]
        gold.remove(here)
        (at,) = here - {at}
    assert at == answer


@given(seed=st.integers(0, 10_000), hops=st.integers(1, MAX_HOPS))
def test_a_distractor_states_the_last_relation_about_others(seed: int, hops: int) -> None:
    (example,) = generate(1, seed=seed, hops=hops, distractors=1)
    (distractor,) = (text for position, text in enumerate(example.candidates) if position not in example.gold)
    (last,) = (text for text in example.candidates if example.answers[0] in text)
    assert FORMS[masked(distractor)] == FORMS[masked(last)]
    assert not names(distractor) & names(last)


@given(seed=st.integers(0, 10_000))
def test_some_distractors_are_about_the_entities_on_the_way(seed: int) -> None:
    for example in generate(3, seed=seed):
        on_the_way = set().union(*(names(example.candidates[position]) for position in example.gold))
        others = [text for position, text in enumerate(example.candidates) if position not in example.gold]
        assert sum(bool(names(text) & on_the_way) for text in others) == 2


def test_the_same_seed_makes_the_same_examples_and_another_seed_others() -> None:
    assert generate(20, seed=3) == generate(20, seed=3)
    assert not {e.question for e in generate(20, seed=3)} & {e.question for e in generate(20, seed=4)}


def test_an_example_does_not_depend_on_how_many_there_are() -> None:
    assert generate(30, seed=1)[:7] == generate(7, seed=1)


def test_examples_differ() -> None:
    examples = generate(1000, seed=0)
    assert len({example.id for example in examples}) == 1000
    assert len({example.question for example in examples}) > 990
    for one, other in combinations(examples[:40], 2):
        assert len(set(one.candidates) & set(other.candidates)) == 0


def test_no_two_relations_are_stated_alike() -> None:
    assert len(FORMS) == sum(len(relation.sentences) for relation in RELATIONS)


def test_questions_come_in_many_forms() -> None:
    stems = {" ".join(w for w in e.question.split() if not w[0].isupper()) for e in generate(300, seed=0)}
    assert len(stems) > 50


def test_names_contain_no_other_name() -> None:
    for example in generate(50, seed=2, distractors=30):
        known = set().union(*map(names, example.candidates))
        assert not any(a.lower() in b.lower() for a in known for b in known if a != b)


def test_demonstrations_are_fixed_and_belong_to_no_seed() -> None:
    shown = demonstrations(4)
    assert shown == demonstrations(4)
    assert demonstrations(2) == shown[:2]
    questions = {demonstration.example.question for demonstration in shown}
    assert not questions & {example.question for seed in range(20) for example in generate(20, seed=seed)}
    for demonstration in shown:
        assert sorted(demonstration.chain) == sorted(demonstration.example.gold)
        assert demonstration.example.answers[0] in demonstration.example.candidates[demonstration.chain[-1]]


def test_demonstrations_of_triples_state_the_same_facts() -> None:
    for sentences, triples in zip(demonstrations(3), demonstrations(3, "triple"), strict=True):
        assert len(triples.example.candidates) == len(sentences.example.candidates)
        facts = [triples.example.candidates[position].split(" | ") for position in triples.chain]
        assert facts[0][2] == facts[1][0]
        assert facts[0][0] in triples.example.question
        assert facts[1][2] == triples.example.answers[0] == sentences.example.answers[0]
        for (subject, relation, object_), position in zip(facts, sentences.chain, strict=True):
            assert subject in sentences.example.candidates[position]
            assert object_ in sentences.example.candidates[position]
            assert relation.count(".") == 1


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"size": 0, "seed": 0}, "`size` must be >= 1, but is 0"),
        ({"size": 1, "seed": -1}, "`seed` must be >= 0, but is -1"),
        ({"size": 1, "seed": 0, "hops": 0}, "`hops` must be >= 1, but is 0"),
        ({"size": 1, "seed": 0, "hops": 5}, "`hops` must be <= 4, but is 5"),
        ({"size": 1, "seed": 0, "distractors": 0}, "`distractors` must be >= 1, but is 0"),
    ],
)
def test_bad_options(options: dict[str, int], rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        generate(**options)


def test_every_example_is_checked() -> None:
    assert all(isinstance(example, RetrievalExample) for example in generate(5, seed=0))
