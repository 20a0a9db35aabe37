"""What holds for every searcher with an LLM."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agent_runs import AGENT, FRUGAL, LARGE, PROBLEM, SEARCHERS, Run, make_llm, script, small, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agenttts_env import make_env, search
from agenttts_env.agents import AgentLLM
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import scripted_reply
from agenttts_env.errors import EngineError, InvalidInputError, ProposalError
from agenttts_env.initial import initial_allocations
from agenttts_env.testing import check_searcher
from agenttts_env.testing.hostile import hostile_texts
from agenttts_env.trial import Trial

NAMES = list(SEARCHERS)
BARE = [name for name in NAMES if name != "agenttts"]
INITIAL = initial_allocations(PROBLEM)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("init_rule", [None, "paper"])
def test_contract(name: str, init_rule: str | None) -> None:
    options = FRUGAL[name] | {"retries": 1}
    if init_rule is not None:
        options |= {"insight_1": True} if name == "agenttts" else {"init_rule": init_rule}
    llm, _ = make_llm(scripted_reply)
    check_searcher(lambda: SEARCHERS[name](AgentLLM(llm._sampler, AGENT, run="run"), **options), PROBLEM, trials=10)


@pytest.mark.parametrize("name", BARE)
def test_seeded_searches_begin_with_the_initial_trials(name: str) -> None:
    for rule in ("paper", "code_head"):
        run = Run(name, scripted_reply, {"init_rule": rule})
        initial = initial_allocations(PROBLEM, rule)
        assert run.go(len(initial)).asked == initial
        assert run.engine.calls == []
        assert run.searcher.name == f"{name}+init"
    assert Run(name, scripted_reply).searcher.name == name


def propose(name: str, *replies: str, **options: Any) -> Run:
    """A search that has come to its first proposal, and these are the replies to it."""
    run = Run(name, script(*replies), FRUGAL[name] | options)
    while not run.of_kind("candidates"):
        run.go(1)
    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_retry_is_told_what_was_wrong(name: str) -> None:
    run = propose(name, "nonsense", written(0), written(6), retries=2)
    assert run.asked[-1] == small(6)
    first, second, third = run.prompts("candidates")
    assert "could not be used" not in first
    for prompt, reason in ((second, "nonsense: the reply holds no list"), (third, "`samples` must be >= 1")):
        assert reason in prompt
    rejected = run.of_kind("rejected")
    assert [note["why"] for note in rejected] == ["invalid", "invalid"]
    assert all(note["reason"] and note["text"] for note in rejected)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "centaur"])  # it repairs what is over budget
def test_nothing_usable_costs_one_trial_over_budget_first(name: str) -> None:
    run = propose(name, "nonsense", written(90, model=LARGE), retries=1)
    assert run.asked[-1] == Allocation.of((LARGE.name, 90), (LARGE.name, 90))
    assert run.told[-1].state == "infeasible"
    assert run.go(1).told[-1].state == "complete"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_usable_costs_one_trial_else_a_repeat(name: str) -> None:
    run = propose(name, written(7), retries=1)
    assert run.asked[-1] == small(7)
    count = len(run.of_kind("candidates"))
    repeats = script(*[written(7)] * 8)
    run.engine._reply = repeats
    while len(run.of_kind("candidates")) == count:
        run.go(1)
    assert run.asked[-1] == small(7)
    assert {note["why"] for note in run.of_kind("rejected")} == {"duplicate"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_usable_costs_one_trial_else_an_error_that_says_why(name: str) -> None:
    run = propose(name, "nonsense", "worse", retries=1)
    assert run.asked[-1] is None
    assert run.told[-1].reason == (
        "no reply of agent held a valid allocation; the last: the reply holds no list `candidates`"
    )
    assert run.told[-1].requested is None  # nothing took its place
    assert run.go(3).asked[-3:] != [None] * 3


def test_an_identical_prompt_is_answered_with_the_next_reply() -> None:
    run = Run("zero-shot", script(*["nonsense"] * 4), {"retries": 1})
    for _ in range(2):
        with pytest.raises(ProposalError):
            run.searcher.ask()
    assert run.searcher.ask() == small(50)
    candidates = [note for note in run.searcher.notes() if note["kind"] == "candidates"]
    assert [note["attempt"] for note in candidates] == [0, 0, 1, 1, 2]
    assert len({json.dumps(note["prompt"]) for note in candidates}) == 2


def test_a_batch_takes_no_more_than_was_asked_for() -> None:
    run = Run("zero-shot", script(written(4, 5, 6), written(7)), {"batch": 2}).go(3)
    assert run.asked == [small(4), small(5), small(7)]
    assert [note["why"] for note in run.of_kind("rejected")] == ["surplus"]


def test_a_flood_of_bad_proposals_is_noted_briefly() -> None:
    run = Run("zero-shot", script('{"candidates": [' + "0," * 20_000), {"retries": 1}).go(1)
    assert run.asked == [small(50)]
    assert len(run.of_kind("rejected")) == 21
    assert run.of_kind("rejected")[-1]["reason"] == "981 more were rejected"  # 1,000 are read, and the rest is one
    assert max(map(len, run.prompts("candidates"))) < 6000


def test_an_llm_that_cannot_be_reached_stops_the_search() -> None:
    def reply(request: Request, index: int) -> str:
        raise EngineError("unplugged")

    for name in NAMES:
        run = Run(name, reply, FRUGAL[name])
        with pytest.raises(EngineError, match="unplugged"):
            run.go(10)


GOOD = [written(5), '{"score": 40}', "- large models first\n- then samples"]
HOSTILE = hostile_texts((), GOOD)
SCORES = ["-1", "101", "NaN", "Infinity", "-Infinity", "1e999", "null", '"50"', "[50]", "9" * 5000, "5e1", "0x1F", "٣"]
HOSTILE += [f'{{"score": {value}}}' for value in SCORES]
HOSTILE += [written(0), written(-3), written(101), written(7, model=AGENT), written(90, 90, model=LARGE), "[" * 50_000]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=()))), min_size=1))
def test_hostile_replies_cost_trials_and_break_nothing(name: str, replies: list[str]) -> None:
    drawn = 0

    def reply(request: Request, index: int) -> str:
        nonlocal drawn
        drawn += 1
        return replies[drawn % len(replies)]

    run = Run(name, reply, FRUGAL[name] | {"retries": 1}, mishaps=True).go(8)
    assert len(run.told) == 8
    text = json.dumps(run.notes, allow_nan=False)
    text.encode()
    for request in run.engine.calls:
        request.prompt[-1].content.encode()  # what goes to an engine is UTF-8, whatever a model wrote before


@pytest.mark.parametrize("name", NAMES)
def test_resume_after_every_prefix_draws_only_what_is_new(name: str, tmp_path: Path) -> None:
    def reply(request: Request, index: int) -> str:
        text = request.prompt[-1].content
        rng = np.random.default_rng([len(text), *text[-99:].encode(), index])
        return str(rng.choice(HOSTILE[-20:])) if rng.random() < 0.3 else scripted_reply(request, index)

    def run(folder: str) -> Run:
        return Run(name, reply, FRUGAL[name] | {"retries": 1}, store=tmp_path / f"{folder}.sqlite")

    whole = run("whole").go(10)
    for length in (0, 3, 6, 9):
        begun = run(str(length)).go(length)
        resumed = run(str(length)).go(length, logged=begun.told)
        assert resumed.engine.calls == []
        assert resumed.notes == begun.notes
        assert resumed.go(10 - length).asked == whole.asked
        assert begun.engine.samples + resumed.engine.samples == whole.engine.samples
        assert resumed.searcher.overhead == whole.searcher.overhead


@pytest.mark.parametrize("name", NAMES)
def test_prompts_hold_means_and_costs_and_nothing_of_an_example(name: str) -> None:
    run = Run(name, scripted_reply, FRUGAL[name])
    for number in range(12):
        try:
            requested, reason = run.searcher.ask(), ""
        except ProposalError as error:
            requested, reason = None, str(error)
        trial = run.objective.trial(number, requested, reason)
        trial = replace(trial, example_scores=(0.987654321,), parse_failures={"read": 0.123454321})
        if number % 4 == 3 and requested is not None:
            trial = Trial(number, requested, None, "failed", cost=trial.cost, reason="the gold answer is Paris")
        run.searcher.tell(trial)
    assert run.engine.calls
    for request in run.engine.calls:
        for hidden in ("gold", "Paris", "98765", "12345432", "test split", "test score"):
            assert hidden not in request.prompt[-1].content


def tokens(text: str) -> int:
    """About as many as SmolLM2's tokenizer makes: one for each digit, mark and line end, more for long words."""
    return sum(1 + len(piece) // 7 for piece in re.findall(r"\d|[^\W\d_]+|[^\w\s]|_|\n", text))


def test_tokens_are_counted_with_care() -> None:
    assert tokens("qwen2.5-72b x1 | cost 814.3\n") == 18


def wordy(request: Request, index: int) -> str:
    return "advice " * 2000 if request.sampling.schema is None else scripted_reply(request, index)


@pytest.mark.parametrize("name", NAMES)
def test_prompts_of_long_searches_fit_8k_models(name: str) -> None:
    problem = make_env("taskbench", backend="simulated").problem
    run = Run(name, wordy, FRUGAL[name], problem)
    rng = np.random.default_rng(0)
    for number in range(50):
        if number % 10 == 0 or number == 49:
            run.searcher._queue.clear()
            run.searcher.ask()
        run.searcher.tell(run.objective.trial(number, problem.sample(rng)))
    longest = max((request.prompt[-1].content for request in run.engine.calls), key=tokens)
    assert 1000 < tokens(longest) < 6500, longest


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seeded", [False, True])
def test_a_search_of_a_simulated_task(name: str, seeded: bool) -> None:
    options = FRUGAL[name]
    if seeded:
        options = {**options, "insight_1": True} if name == "agenttts" else {**options, "init_rule": "paper"}
    env = make_env("2wikimultihopqa", backend="simulated", trials=12)
    llm, engine = make_llm(scripted_reply)
    notes: list[dict[str, Any]] = []
    trials = search(env, SEARCHERS[name](llm, **options), on_note=notes.append)
    assert len(trials) == 12
    assert env.best is not None
    assert engine.samples > 0
    again = search(env, SEARCHERS[name](llm, **options))
    assert again == trials
    assert sum(trial.overhead.samples_computed for trial in trials) == engine.samples


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "`batch` must be >= 1, but got 0"),
        ({"retries": -1}, "`retries` must be >= 0, but got -1"),
        (
            {"init_rule": "mine"},
            r"`init_rule` must be None or one of \('paper', .*\), but got 'mine'",
        ),
        ({"history": 0}, "`history` must be >= 1 or None, but got 0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Run("agenthpo", scripted_reply, options)
