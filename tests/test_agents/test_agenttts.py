from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agenttts_env.agents.agenttts import AgentTTSSearcher
from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.prompts import INSIGHT_1, INSIGHT_2, INSIGHT_3, NO_INSIGHT
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import ScriptedEngine, scripted_reply
from agenttts_env.errors import InvalidInputError, ProposalError
from agenttts_env.initial import initial_allocations
from agenttts_env.model import MODELS, Model
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective, check_searcher
from agenttts_env.trial import Trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
STAGES = (Stage("read", (SMALL, LARGE), 256, 64, 64), Stage("add", (SMALL, LARGE), 128, 64, 64))
PROBLEM = Problem.of(Task("two", "Read a digit, then add one.", STAGES, ("right", "read")))
INITIAL = initial_allocations(PROBLEM)
AGENT = Model("agent", 1e9)

Reply = Callable[[Request, int], str]


def written(*samples: int, model: Model = SMALL) -> str:
    """A reply that proposes these counts at both stages."""
    choices = [{"model": model.name, "samples": count} for count in samples]
    return json.dumps({"candidates": [{"read": choice, "add": choice} for choice in choices]})


def small(count: int) -> Allocation:
    return Allocation.of((SMALL.name, count), (SMALL.name, count))


@dataclass
class Run:
    """A searcher, its engine, and what happened so far."""

    path: Path
    reply: Reply
    options: dict[str, Any] = field(default_factory=dict)
    problem: Problem = PROBLEM
    seed: int = 0
    asked: list[Allocation | None] = field(default_factory=list)
    told: list[Trial] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = ScriptedEngine(AGENT, self.reply)
        llm = AgentLLM(Sampler(SampleStore(self.path / "s.sqlite"), lambda model: self.engine), AGENT, run="run")
        self.searcher = AgentTTSSearcher(llm, **self.options)
        self.searcher.reset(self.problem, trials=50, seed=self.seed)
        self.objective = ScriptedObjective(self.problem, mishaps=False)

    def go(self, trials: int, logged: list[Trial] | None = None) -> Run:
        for _ in range(trials):
            number = len(self.told)
            try:
                requested, reason = self.searcher.ask(), ""
                self.problem.validate(requested)
            except ProposalError as error:
                requested, reason = None, str(error)
            self.notes += self.searcher.notes()
            self.asked.append(requested)
            trial = logged[number] if logged else self.objective.trial(number, requested, reason)
            self.told.append(trial)
            self.searcher.tell(trial)
        return self

    def prompts(self, kind: str) -> list[str]:
        return [note["prompt"][-1]["content"] for note in self.notes if note["kind"] == kind]


def by_round(request: Request, index: int) -> str:
    """Guidelines are numbered; each batch proposes the next three counts that no trial has."""
    if request.sampling.schema is None:
        return f"guideline after {request.prompt[-1].content.count(' | cost ')} trials"
    first = request.prompt[-1].content.count(" | cost ") + 1
    return written(first, first + 1, first + 2)


def test_contract(tmp_path: Path) -> None:
    def make() -> AgentTTSSearcher:
        engine = ScriptedEngine(AGENT, scripted_reply)
        llm = AgentLLM(Sampler(SampleStore(tmp_path / "s.sqlite"), lambda model: engine), AGENT, run="run")
        return AgentTTSSearcher(llm, batch=3, retries=1)

    check_searcher(make, PROBLEM)


def test_initial_trials_need_no_llm(tmp_path: Path) -> None:
    run = Run(tmp_path, by_round, {"init_rule": "code_head"}).go(3)
    assert run.asked == initial_allocations(PROBLEM, "code_head")[:3]
    assert run.engine.calls == []


def test_without_insight_1_the_search_starts_from_one_random_trial(tmp_path: Path) -> None:
    starts = {Run(tmp_path, by_round, {"insight_1": False}, seed=seed).go(1).asked[0] for seed in range(4)}
    assert len(starts) == 4
    run = Run(tmp_path, by_round, {"insight_1": False}).go(2)
    assert [note["kind"] for note in run.notes] == ["guideline", "candidates"]


def test_rounds_of_a_guideline_and_a_batch(tmp_path: Path) -> None:
    run = Run(tmp_path, by_round).go(len(INITIAL) + 6)
    assert run.asked == [*INITIAL, *map(small, (4, 5, 6, 7, 8, 9))]
    assert [note["kind"] for note in run.notes] == ["guideline", "candidates"] * 2
    assert run.notes[0]["reply"] == "guideline after 3 trials"
    json.dumps(run.notes, allow_nan=False)


@pytest.mark.parametrize("on", [(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)])
def test_prompts_hold_exactly_the_insights_that_are_on(tmp_path: Path, on: tuple[bool, bool, bool]) -> None:
    run = Run(tmp_path, by_round, dict(zip(("insight_1", "insight_2", "insight_3"), on, strict=True))).go(12)
    first, *later = run.prompts("guideline")
    assert later
    assert [text in first for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3)] == list(on)
    assert (NO_INSIGHT in first) == (not any(on))
    for prompt in later:
        assert [text in prompt for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3)] == [False, *on[1:]]
        assert (NO_INSIGHT in prompt) == (not any(on[1:]))
    for prompt in run.prompts("candidates"):
        assert not any(text in prompt for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3, NO_INSIGHT))


def test_history_holds_every_trial_with_its_costs_and_means_only(tmp_path: Path) -> None:
    def told(number: int, requested: Allocation) -> Trial:
        complete = ScriptedObjective(PROBLEM, mishaps=False).trial(number, requested)
        if number == 0:
            return replace(complete, example_scores=(0.987654321,), parse_failures={"read": 0.123454321})
        if number == 1:
            return Trial(1, requested, None, "failed", cost=complete.cost, reason="the gold answer is Paris")
        return replace(complete, allocation=small(1), reason="projected")

    run = Run(tmp_path, by_round)
    for number in range(len(INITIAL)):
        run.searcher.tell(told(number, run.searcher.ask()))
    run.searcher.tell(Trial(3, None, None, "failed", reason="secret"))
    run.searcher.tell(Trial(4, small(90), None, "infeasible", cost=1234.5, reason="over"))
    run.searcher.ask()
    run.notes = run.searcher.notes()
    for prompt in run.prompts("guideline") + run.prompts("candidates"):
        lines = prompt.splitlines()
        first = told(0, INITIAL[0])
        assert (
            f"0. {INITIAL[0]} | cost {first.cost:.4g} | right {first.score:.3f}, read {first.metrics['read']:.3f}"
            in lines
        )
        assert f"1. {INITIAL[1]} | cost {PROBLEM.cost_of(INITIAL[1]):.4g} | failed" in lines
        assert any(line.endswith(f"in place of {INITIAL[2]}, which is over budget") for line in lines)
        assert "3. no usable proposal | failed" in lines
        assert f"4. {small(90)} | cost 1234 | over budget, not run" in lines
        for hidden in ("gold", "Paris", "secret", "98765", "12345432"):
            assert hidden not in prompt


def test_the_problem_is_described_with_costs(tmp_path: Path) -> None:
    prompt = Run(tmp_path, by_round).go(len(INITIAL) + 1).prompts("candidates")[0]
    cost = PROBLEM.cost.stage_cost(STAGES[0], LARGE, 1)
    assert f"read | {LARGE.name} | x1 {cost:.4g}, x2 " in prompt
    assert f"Budget: {PROBLEM.budget:.6g} units" in prompt
    assert "read: reads about 256 tokens, writes about 64" in prompt
    assert "every integer from 1 to 100" in prompt
    assert '{"candidates": [{"read": {"model": "llama-3.2-3b", "samples": 1}' in prompt


def test_old_and_recent_trials_are_told_apart(tmp_path: Path) -> None:
    second = Run(tmp_path, by_round).go(len(INITIAL) + 4).prompts("guideline")[1]
    old, recent = second.split("Trials since the last advice")
    old = old.split("Earlier trials")[1]
    assert [f"\n{number}. " in old for number in range(6)] == [True] * 3 + [False] * 3
    assert [
        f"\n{number}. {allocation}" in recent for number, allocation in enumerate([*INITIAL, *map(small, (4, 5, 6))])
    ] == [False] * 3 + [True] * 3


def test_history_can_be_cut(tmp_path: Path) -> None:
    run = Run(tmp_path, by_round, {"history": 2}).go(len(INITIAL) + 1)
    for prompt in run.prompts("guideline") + run.prompts("candidates"):
        assert [f"\n{number}. {allocation} |" in prompt for number, allocation in enumerate(INITIAL)] == [
            False,
            True,
            True,
        ]


@pytest.mark.parametrize(
    ("window", "shown"),
    [((1, 2), [[0], [0, 1], [0, 1, 2], [0, 2, 3], [0, 3, 4]]), ((0, 1), [[0], [1], [2], [3], [4]]), ((0, 0), [[]] * 5)],
)
def test_guideline_window(tmp_path: Path, window: tuple[int, int], shown: list[list[int]]) -> None:
    run = Run(tmp_path, by_round, {"guideline_window": window}).go(len(INITIAL) + 13)
    texts = [note["reply"] for note in run.notes if note["kind"] == "guideline"]
    prompts = run.prompts("candidates")
    assert len(prompts) == 5
    assert [[number for number, text in enumerate(texts) if f"\n{text}\n" in prompt] for prompt in prompts] == shown


def script(*candidates: str) -> Reply:
    """The candidates' replies in order of drawing, whatever is asked; then small counts that are new."""
    replies = iter(candidates)

    def reply(request: Request, index: int) -> str:
        return "guideline" if request.sampling.schema is None else next(replies, written(50, 51, 52))

    return reply


def test_rejected_candidates_are_noted_and_the_rest_is_tried(tmp_path: Path) -> None:
    reply = script(written(0, 4, 4, 5, 500).replace('"samples": 5}', '"samples": 5.5}'))
    run = Run(tmp_path, reply).go(len(INITIAL) + 1)
    assert run.asked[-1] == small(4)
    rejected = [note for note in run.notes if note["kind"] == "rejected"]
    assert [note["why"] for note in rejected] == ["invalid", "duplicate", "invalid", "invalid"]
    assert all(note["reason"] and note["text"] for note in rejected)


def test_a_batch_takes_no_more_than_was_asked_for(tmp_path: Path) -> None:
    run = Run(tmp_path, script(written(4, 5, 6), written(7)), {"batch": 2}).go(len(INITIAL) + 3)
    assert run.asked[-3:] == [small(4), small(5), small(7)]
    assert [note["why"] for note in run.notes if note["kind"] == "rejected"] == ["surplus"]


def test_retries_draw_further_replies_to_the_same_prompt(tmp_path: Path) -> None:
    run = Run(tmp_path, script("nonsense", "[]", written(6)), {"retries": 2}).go(len(INITIAL) + 1)
    assert run.asked[-1] == small(6)
    candidates = [note for note in run.notes if note["kind"] == "candidates"]
    assert [note["attempt"] for note in candidates] == [0, 1, 2]
    assert len({note["prompt"][-1]["content"] for note in candidates}) == 1


def test_nothing_usable_costs_one_trial_over_budget_first(tmp_path: Path) -> None:
    over = Allocation.of((LARGE.name, 90), (LARGE.name, 90))
    repeat = json.dumps({"candidates": [{"read": INITIAL[0].to_json()[0], "add": INITIAL[0].to_json()[1]}]})
    run = Run(tmp_path, script(repeat, written(90, model=LARGE), written(7)), {"retries": 1}).go(len(INITIAL) + 2)
    assert run.asked[-2:] == [over, small(7)]
    assert run.told[-2].state == "infeasible"


def test_nothing_usable_costs_one_trial_else_a_repeat(tmp_path: Path) -> None:
    repeat = json.dumps({"candidates": [{"read": INITIAL[1].to_json()[0], "add": INITIAL[1].to_json()[1]}]})
    run = Run(tmp_path, script("nonsense", repeat, written(7)), {"retries": 1}).go(len(INITIAL) + 2)
    assert run.asked[-2:] == [INITIAL[1], small(7)]


def test_nothing_usable_costs_one_trial_else_an_error_that_says_why(tmp_path: Path) -> None:
    run = Run(tmp_path, script("nonsense", "worse", written(7)), {"retries": 1}).go(len(INITIAL) + 2)
    assert run.asked[-2:] == [None, small(7)]
    assert run.told[-2].reason == (
        "none of 2 replies of agent held a valid allocation; the last one: the reply holds no list `candidates`"
    )


def test_an_identical_prompt_is_answered_with_the_next_reply(tmp_path: Path) -> None:
    run = Run(tmp_path, script(*["nonsense"] * 4), {"retries": 1, "guideline_window": (0, 0)}).go(len(INITIAL))
    for _ in range(2):
        with pytest.raises(ProposalError):
            run.searcher.ask()  # nothing is told, so that the next round has the same prompt
    assert run.searcher.ask() == small(50)
    candidates = [note for note in run.searcher.notes() if note["kind"] == "candidates"]
    assert len({note["prompt"][-1]["content"] for note in candidates}) == 1
    assert [note["attempt"] for note in candidates] == [0, 1, 2, 3, 4]


def garbage(request: Request, index: int) -> str:
    """Replies of every bad sort, and now and then a good one."""
    seed = [*request.prompt[-1].content.encode()[-64:], len(request.prompt[-1].content), index]
    rng = np.random.default_rng(seed)
    good = written(*rng.integers(1, 60, size=int(rng.integers(1, 6))).tolist())
    match int(rng.integers(9)):
        case 0:
            return good[: int(rng.integers(len(good)))]
        case 1:
            return rng.bytes(int(rng.integers(300))).decode("latin-1")
        case 2:
            return '{"candidates": [' * int(rng.integers(400))
        case 3:
            return good.replace('"samples": ', '"samples": ' + "9" * int(rng.integers(6000)))
        case 4:
            return good.replace(
                '"samples": ', f'"samples": {["NaN, ", "[", "-", "1e", "null, ", "true, "][int(rng.integers(6))]}'
            )
        case 5:
            return "".join(rng.permutation(list(good)).tolist())
        case 6:
            return written(*rng.integers(1, 60, size=2).tolist(), model=LARGE)
        case 7:
            return good.replace(SMALL.name, ["", "gpt", "LLAMA-3.2-3B"][int(rng.integers(3))])
        case _:
            return f"I think\n```json\n{good}\n```\n{{"


def test_garbage_never_breaks_the_loop_and_resuming_costs_nothing(tmp_path: Path) -> None:
    replies = 0
    for seed in range(16):
        folder = tmp_path / str(seed)
        folder.mkdir()
        options = {"retries": 1, "batch": 4, "insight_1": False, "history": 30}
        run = Run(folder, garbage, options, seed=seed).go(60)
        assert len(run.told) == 60
        replies += run.engine.samples
        json.dumps(run.notes, allow_nan=False)
        kinds = {note["why"] for note in run.notes if note["kind"] == "rejected"}
        assert {"invalid", "over budget"} <= kinds
        resumed = Run(folder, garbage, options, seed=seed).go(60, logged=run.told)
        assert resumed.asked == run.asked
        assert resumed.engine.calls == []
        assert resumed.notes == run.notes
        assert resumed.searcher.overhead == run.searcher.overhead
    assert replies > 2000


def test_resume_after_every_prefix_draws_only_what_is_new(tmp_path: Path) -> None:
    whole = Run(tmp_path, by_round).go(14)
    for length in range(15):
        folder = tmp_path / str(length)
        folder.mkdir()
        begun = Run(folder, by_round).go(length)
        resumed = Run(folder, by_round).go(length, logged=begun.told)
        assert resumed.engine.calls == []
        assert resumed.go(14 - length).asked == whole.asked
        assert begun.engine.samples + resumed.engine.samples == whole.engine.samples
        assert resumed.searcher.overhead.samples_computed == whole.searcher.overhead.samples_computed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "`batch` must be >= 1, but got 0"),
        ({"guideline_window": (1, -1)}, "`guideline_window` must be two numbers >= 0"),
        ({"guideline_window": (1,)}, "`guideline_window` must be two numbers >= 0"),
        ({"history": 0}, "`history` must be >= 1 or None, but got 0"),
        ({"retries": -1}, "`retries` must be >= 0, but got -1"),
    ],
)
def test_options_out_of_range(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Run(tmp_path, by_round, options)


def test_three_stages(tmp_path: Path) -> None:
    stages = (*STAGES, Stage("check", (SMALL, LARGE), 512, 128, 128))
    problem = Problem.of(Task("three", "", stages, ("right", "read")), levels=(1, 2, 4, 8, 16))
    run = Run(tmp_path, scripted_reply, {"batch": 5, "retries": 0}, problem).go(30)
    assert "1, 2, 4, 8, 16" in run.prompts("candidates")[0]
    assert sum(allocation is not None for allocation in run.asked) == 30
