from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.fictional_qa import generate
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.retrieval_qa import METRICS, RetrievalQA

PIPELINE = RetrievalQA()
EXAMPLE = RetrievalExample(
    id="e",
    question="Who was\nthe owner of Rex?",
    answers=("Ann Lee", "Annie Lee"),
    candidates=("Rex is a dog.", "Rex belongs to\n\nAnn [or: Annie] Lee.\nSentences: 1", "Bob slept.", "Cats purr."),
    gold=frozenset({0, 1}),
)
any_text = st.text(st.characters(exclude_categories=()), max_size=80)


def test_retrieve_asks_with_every_candidate_on_one_line_of_its_own() -> None:
    prompt = PIPELINE.prompt("retrieve", EXAMPLE, {})
    lines = prompt[-1].content.split("\n")
    for number, text in enumerate(EXAMPLE.candidates, 1):
        assert sum(" ".join(text.split()) in line and str(number) in line for line in lines) == 1
    assert sum("Who was the owner of Rex?" in line for line in lines) == 1


def test_answer_asks_with_the_chosen_candidates_only() -> None:
    text = PIPELINE.prompt("answer", EXAMPLE, {"retrieve": (2, 3)})[-1].content
    assert text.index("[1] Bob slept.") < text.index("[2] Cats purr.")
    assert "Rex is a dog" not in text
    assert "Rex belongs" not in text


def test_answer_asks_without_sentences_where_the_retrieval_failed() -> None:
    text = PIPELINE.prompt("answer", EXAMPLE, {"retrieve": None})[-1].content
    assert "owner of Rex" in text
    assert not any(candidate.split("\n")[0] in text for candidate in EXAMPLE.candidates)


@pytest.mark.parametrize("stage", ["retrieve", "answer"])
@pytest.mark.parametrize("count", [0, 1, 4])
def test_demonstrations_are_turns_that_parse(stage: str, count: int) -> None:
    prompt = RetrievalQA(count).prompt(stage, EXAMPLE, {"retrieve": (0,)})
    assert [message.role for message in prompt] == ["system", *["user", "assistant"] * count, "user"]
    for message in prompt[2:-1:2]:
        assert PIPELINE.parse(stage, message.content, generate(1, seed=0)[0], {}) is not None


@pytest.mark.parametrize("stage", ["retrieve", "answer"])
def test_prompts_of_a_stage_share_all_but_the_last_message(stage: str) -> None:
    one, other = (PIPELINE.prompt(stage, example, {"retrieve": (0,)}) for example in generate(2, seed=0))
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]


def test_the_number_of_demonstrations_is_checked() -> None:
    with pytest.raises(InvalidInputError, match="`demonstrations` must be >= 0, but is -1"):
        RetrievalQA(-1)


def test_prompts_of_sentences_stay_as_they_are() -> None:
    # A stored sample is found by its prompt: a change of wording throws all that was computed away.
    system, request = RetrievalQA(0).prompt("retrieve", EXAMPLE, {})
    assert system.content == (
        "You find the sentences that a question needs. Its answer often takes several of them, where one leads to "
        "the next."
    )
    assert request.content.endswith(
        "[4] Cats purr.\n\nQuestion: Who was the owner of Rex?\n"
        "End your reply with one line that begins with Sentences: and lists the numbers of those needed."
    )
    system, request = RetrievalQA(0).prompt("answer", EXAMPLE, {})
    assert system.content == (
        "You answer a question with the help of the sentences that come with it; where they do not suffice, use what "
        "you know. The answer is a name, a date, a number, a few words, or yes or no."
    )
    assert request.content == (
        "(no sentences)\n\nQuestion: Who was the owner of Rex?\n"
        "End your reply with one line that begins with Answer: and holds nothing but the answer."
    )


def test_candidates_may_be_triples() -> None:
    pipeline = RetrievalQA(unit="triple")
    prompt = pipeline.prompt("retrieve", EXAMPLE, {})
    assert prompt[-1].content.endswith("one line that begins with Triples: and lists the numbers of those needed.")
    for request, reply in zip(prompt[1:-1:2], prompt[2:-1:2], strict=True):
        assert request.content.count(" | ") == 2 * 6
        assert len(cast("tuple[int, ...]", pipeline.parse("retrieve", reply.content, generate(1, seed=0)[0], {}))) == 2
    assert pipeline.parse("retrieve", "Sentences: 1\nTriples: 2", EXAMPLE, {}) == (1,)
    assert "(no triples)" in pipeline.prompt("answer", EXAMPLE, {})[-1].content
    assert pipeline.fusion_prompt("retrieve", prompt, ["x"])[-1].content.endswith("begins with Triples:")
    with pytest.raises(InvalidInputError, match=r"`unit` must be one of \('sentence', 'triple'\), but is 'graph'"):
        RetrievalQA(unit="graph")  # type: ignore[arg-type]


def test_well_formed_replies_score_one_and_nonsense_scores_zero() -> None:
    chosen = PIPELINE.parse("retrieve", "Both.\nSentences: 2, 1", EXAMPLE, {})
    answer = PIPELINE.parse("answer", "It is hers.\n**Answer:** annie lee.", EXAMPLE, {"retrieve": chosen})
    assert PIPELINE.score(EXAMPLE, {"retrieve": chosen, "answer": answer}) == dict.fromkeys(METRICS, 1.0)
    nothing = {stage: PIPELINE.parse(stage, "I do not know 1, 2.", EXAMPLE, {}) for stage in ("retrieve", "answer")}
    assert nothing == {"retrieve": None, "answer": None}
    assert PIPELINE.score(EXAMPLE, nothing) == dict.fromkeys(METRICS, 0.0)


def test_scores_by_hand() -> None:
    scores = PIPELINE.score(EXAMPLE, {"retrieve": (1, 2, 3), "answer": "It was Ann Lee"})
    assert scores == pytest.approx({"em": 0, "contains": 1, "f1": 4 / 6, "ret_f1": 2 / 5})
    assert tuple(scores) == METRICS


@given(any_text)
def test_no_text_makes_parse_or_score_raise(text: str) -> None:
    outputs = {}
    for stage in ("retrieve", "answer"):
        outputs[stage] = PIPELINE.parse(stage, f"Sentences: {text}\nAnswer: {text}", EXAMPLE, outputs)
    assert all(0 <= value <= 1 for value in PIPELINE.score(EXAMPLE, outputs).values())


@pytest.mark.parametrize(
    ("choices", "fused"),
    [
        ([(4,)], (4,)),
        ([(1, 2), (2, 3), (2, 5)], (1, 2)),
        ([(7,), (1, 2), (2, 3)], (2, 7)),  # two sentences are the rule; 7 was seen before 1 and 3
        ([(1, 2, 3), (3,), (3,)], (3,)),
        ([(1, 2), (5,)], (1, 2)),  # one each: the length seen first
    ],
)
def test_vote_over_sentences(choices: list[tuple[int, ...]], fused: tuple[int, ...]) -> None:
    assert PIPELINE.vote("retrieve", choices) == fused


@given(st.lists(st.sets(st.integers(0, 9), min_size=1).map(lambda ids: tuple(sorted(ids))), min_size=1))
def test_vote_over_sentences_is_a_valid_choice(choices: list[tuple[int, ...]]) -> None:
    fused = PIPELINE.vote("retrieve", choices)
    assert isinstance(fused, tuple)
    assert list(fused) == sorted(set(fused))
    assert len(fused) in {len(choice) for choice in choices}
    assert PIPELINE.vote("retrieve", [choices[0]] * 3) == choices[0]


@pytest.mark.parametrize(
    ("answers", "fused"),
    [
        (["Rome", "the Paris", "Paris."], "the Paris"),
        (["Rome", "Paris"], "Rome"),
        (["?", "!", "!"], "!"),
    ],
)
def test_vote_over_answers(answers: list[str], fused: str) -> None:
    assert PIPELINE.vote("answer", answers) == fused


@pytest.mark.parametrize("stage", ["retrieve", "answer"])
def test_fusion_shows_the_stages_own_prompt_and_every_sample(stage: str) -> None:
    prompt = PIPELINE.prompt(stage, EXAMPLE, {"retrieve": (2,)})
    fused = PIPELINE.fusion_prompt(stage, prompt, ["Sentences: 1\nAnswer: Ann", "none"])
    assert fused[:-1] == prompt[:-1]
    assert fused[-1].content.startswith(prompt[-1].content)
    assert "Reply 1: Sentences: 1 Answer: Ann\n" in fused[-1].content
    assert "Reply 2: none\n" in fused[-1].content


def test_fusion_of_answers_does_not_show_what_was_not_retrieved() -> None:
    prompt = PIPELINE.prompt("answer", EXAMPLE, {"retrieve": (2,)})
    shown = " ".join(message.content for message in PIPELINE.fusion_prompt("answer", prompt, ["Answer: Ann"]))
    assert "Bob slept." in shown
    assert not any(" ".join(EXAMPLE.candidates[position].split()) in shown for position in (0, 1, 3))
