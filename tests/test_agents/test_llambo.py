from __future__ import annotations

import json
import math
import re

import pytest
from agent_runs import LARGE, PROBLEM, Run, script, small, written
from hypothesis import given
from hypothesis import strategies as st

from agenttts_env.agents.llambo import expected_improvement, read_score
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import scripted_reply
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import initial_allocations


def higher_is_better(request: Request, index: int) -> str:
    """Proposes small and large counts; predicts a score that rises with the count."""
    asked = request.prompt[-1].content
    if "candidates" in (request.sampling.schema or ""):
        return written(21, 23, 25)
    counts = re.findall(r'"samples": (\d+)', asked.partition("Which score has")[2])
    return json.dumps({"score": int(counts[0])})


def test_the_candidate_of_highest_expected_improvement_is_asked_for() -> None:
    options = {"warm_start": 3, "candidates": 6, "orders": 2, "generations": 2}
    run = Run("llambo", higher_is_better, options).go(4)
    assert run.asked[-1] == small(25)
    kinds = [note["kind"] for note in run.notes]
    assert kinds.count("candidates") == 2 + 3  # two orders hold the same three, so that three more are asked for
    assert kinds.count("prediction") == kinds.count("gain") == 3
    assert [note["predictions"] for note in run.of_kind("gain")] == [[0.21, 0.21], [0.23, 0.23], [0.25, 0.25]]
    assert run.engine.samples == 5 + 3 * 2
    assert [note["gain"] for note in run.of_kind("gain")] == [0, 0, 0]  # the best score is higher: the mean decides


def test_about_twenty_surrogate_calls_a_trial() -> None:
    calls = []

    def reply(request: Request, index: int) -> str:
        surrogate = '"score"' in (request.sampling.schema or "")
        calls.append(surrogate)
        if surrogate:
            return '{"score": 50}'
        return written(*range(len(calls) * 5, len(calls) * 5 + 5))

    run = Run("llambo", reply).go(6)
    assert run.told[-1].state == "complete"
    assert (calls.count(False), calls.count(True)) == (2, 20)


def test_a_bare_search_warms_up_at_random_and_a_seeded_one_does_not() -> None:
    starts = {tuple(Run("llambo", scripted_reply, seed=seed).go(5).asked) for seed in range(3)}
    assert len(starts) == 3
    assert all(len(set(start)) == 5 for start in starts)
    initial = initial_allocations(PROBLEM)
    run = Run("llambo", scripted_reply, {"init_rule": "paper"}).go(len(initial) + 1)
    assert run.asked[: len(initial)] == initial
    assert run.of_kind("candidates")


def test_over_budget_candidates_never_reach_the_surrogate() -> None:
    both = json.loads(written(90, model=LARGE))["candidates"] + json.loads(written(7))["candidates"]
    run = Run("llambo", script(json.dumps({"candidates": both})), {"warm_start": 1, "candidates": 2, "orders": 1})
    run.go(2)
    predicted = [note["allocation"] for note in run.of_kind("prediction")]
    assert predicted[0] == str(small(7))
    assert not any(LARGE.name in allocation for allocation in predicted)


@pytest.mark.parametrize(("alpha", "wanted"), [(0.1, 1.1), (-0.2, 0.8)])
def test_the_target_lies_beyond_the_best(alpha: float, wanted: float) -> None:
    run = Run("llambo", scripted_reply, {"alpha": alpha, "warm_start": 4}).go(5)
    scores = [trial.score or 0.0 for trial in run.told[:4]]
    target = min(min(scores) + wanted * (max(scores) - min(scores)), 0.9999)
    if max(scores) - min(scores) < 0.1:
        target = min(max(scores) + alpha * 0.1, 0.9999)
    assert f"a score of {target:.2%}?" in run.prompts("candidates")[0]


def test_every_call_has_an_order_of_its_own_and_all_pairs() -> None:
    run = Run("llambo", scripted_reply, {"warm_start": 5}).go(6)
    first, second = run.prompts("candidates")[:2]
    lines = [sorted(line for line in prompt.splitlines() if line.startswith("score ")) for prompt in (first, second)]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 5
    assert first != second


def test_failures_are_shown_with_the_score_0() -> None:
    run = Run("llambo", scripted_reply, {"warm_start": 16}, mishaps=True).go(17)
    failed = sum(trial.state != "complete" for trial in run.told[:16])
    assert failed
    assert run.prompts("candidates")[0].count("\nscore 0.0%: ") == failed


@pytest.mark.parametrize("readable", [True, False])
def test_unreadable_predictions_are_left_out_and_without_any_the_proposal_is_invalid(readable: bool) -> None:
    def reply(request: Request, index: int) -> str:
        if "candidates" in (request.sampling.schema or ""):
            return written(7, 8)
        about_8 = '"samples": 8' in request.prompt[-1].content.partition("Which score has")[2]
        return '{"score": 40}' if readable and about_8 else "no idea"

    run = Run("llambo", reply, {"warm_start": 1, "candidates": 2, "orders": 1}).go(2)
    assert run.asked[-1] == (small(8) if readable else None)
    if not readable:
        assert run.told[-1].reason == "no prediction of agent could be read, for 2 candidates"


def test_nothing_says_to_keep_off_the_ends() -> None:
    run = Run("llambo", scripted_reply).go(6)
    for prompt in run.prompts("candidates"):
        assert "round number" not in prompt
        assert "boundar" not in prompt


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"score": 40}', 0.4), ('{"score":0}', 0.0), ('I say\n```{"score" : 99.5}```', 0.995),
        ('{"score": 1} or rather {"score": 2}', 0.02), ("40", None), ('{"score": -1}', None), ('{"score": 101}', None),
        ('{"score": NaN}', None), ('{"score": "40"}', None), ('{"score": 1e1}', None), ("", None),
        ('{"score": ' + "9" * 5000 + "}", None), ('{"score": null}', None), ('{"score": ٣}', None),
    ],
)  # fmt: skip
def test_reading_a_score(reply: str, score: float | None) -> None:
    assert read_score(reply) == score


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_a_score_or_none(text: str) -> None:
    for reply in (text, f'{{"score": {text}', f'{{"score": 4{text}'):
        score = read_score(reply)
        assert score is None or 0 <= score <= 1


def test_expected_improvement() -> None:
    # z = 0: the deviation (0.1) times the normal density at 0.
    assert math.isclose(expected_improvement([0.4, 0.6], 0.5), 0.1 / math.sqrt(2 * math.pi))
    # z = 1, by hand: 0.1 * 0.8413447 + 0.1 * 0.2419707.
    assert math.isclose(expected_improvement([0.4, 0.6], 0.4), 0.10833155, rel_tol=1e-6)
    assert math.isclose(expected_improvement([0.7, 0.7], 0.5), 0.2)
    assert expected_improvement([0.3], 0.5) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"warm_start": 0}, "`warm_start` must be >= 1, but got 0"),
        ({"candidates": 1}, "`candidates` must be >= 2, but got 1"),
        ({"orders": 0}, "`orders` must be >= 1, but got 0"),
        ({"generations": 0}, "`generations` must be >= 1, but got 0"),
        ({"alpha": math.nan}, r"`alpha` must lie in \[-1, 1\], but got nan"),
    ],
)
def test_options_out_of_range(options: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Run("llambo", scripted_reply, options)
