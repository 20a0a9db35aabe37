from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from agent_runs import LARGE, PROBLEM, SMALL, STAGES, Run, small, written

from agenttts_env.agents.agenttts import INSIGHT_1, INSIGHT_2, INSIGHT_3, NO_INSIGHT, read_choice
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import scripted_reply
from agenttts_env.errors import InvalidInputError
from agenttts_env.evolution import parents
from agenttts_env.initial import initial_allocations
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective
from agenttts_env.trial import Trial, best_trial

INITIAL = initial_allocations(PROBLEM)


def by_round(request: Request, index: int) -> str:
    """Guidelines are numbered; each batch proposes the next three counts that no trial has."""
    if request.sampling.schema is None:
        return f"guideline after {request.prompt[-1].content.count(' | cost ')} trials"
    first = request.prompt[-1].content.count(" | cost ") + 1
    return written(first, first + 1, first + 2)


def test_initial_trials_need_no_llm() -> None:
    run = Run("agenttts", by_round, {"init_rule": "code_head"}).go(3)
    assert run.asked == initial_allocations(PROBLEM, "code_head")[:3]
    assert run.engine.calls == []


def test_without_insight_1_the_search_starts_from_one_random_trial() -> None:
    starts = {Run("agenttts", by_round, {"insight_1": False}, seed=seed).go(1).asked[0] for seed in range(4)}
    assert len(starts) == 4
    run = Run("agenttts", by_round, {"insight_1": False}).go(2)
    assert [note["kind"] for note in run.notes] == ["guideline", "candidates"]


def test_rounds_of_a_guideline_and_a_batch() -> None:
    run = Run("agenttts", by_round).go(len(INITIAL) + 6)
    assert run.asked == [*INITIAL, *map(small, (4, 5, 6, 7, 8, 9))]
    assert [note["kind"] for note in run.notes] == ["guideline", "candidates"] * 2
    assert run.notes[0]["reply"] == "guideline after 3 trials"
    json.dumps(run.notes, allow_nan=False)


@pytest.mark.parametrize("on", [(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)])
def test_prompts_hold_exactly_the_insights_that_are_on(on: tuple[bool, bool, bool]) -> None:
    run = Run("agenttts", by_round, dict(zip(("insight_1", "insight_2", "insight_3"), on, strict=True))).go(12)
    first, *later = run.prompts("guideline")
    assert later
    assert [text in first for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3)] == list(on)
    assert (NO_INSIGHT in first) == (not any(on))
    for prompt in later:
        assert [text in prompt for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3)] == [False, *on[1:]]
        assert (NO_INSIGHT in prompt) == (not any(on[1:]))
    for prompt in run.prompts("candidates"):
        assert not any(text in prompt for text in (INSIGHT_1, INSIGHT_2, INSIGHT_3, NO_INSIGHT))


def test_history_holds_every_trial_with_its_costs_and_means_only() -> None:
    def told(number: int, requested: Allocation) -> Trial:
        complete = ScriptedObjective(PROBLEM, mishaps=False).trial(number, requested)
        if number == 0:
            return replace(complete, example_scores=(0.987654321,), parse_failures={"read": 0.123454321})
        if number == 1:
            return Trial(1, requested, None, "failed", cost=complete.cost, reason="the gold answer is Paris")
        return replace(complete, allocation=small(1), reason="projected")

    run = Run("agenttts", by_round)
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


def test_the_problem_is_described_with_costs() -> None:
    prompt = Run("agenttts", by_round).go(len(INITIAL) + 1).prompts("candidates")[0]
    cost = PROBLEM.cost.stage_cost(STAGES[0], LARGE, 1)
    assert f"read | {LARGE.name} | x1 {cost:.4g}, x2 " in prompt
    assert f"Budget: {PROBLEM.budget:.6g} units" in prompt
    assert "read: reads about 256 tokens, writes about 64" in prompt
    assert "every integer from 1 to 100" in prompt
    assert '{"candidates": [{"read": {"model": "llama-3.2-3b", "samples": 1}' in prompt


def test_old_and_recent_trials_are_told_apart() -> None:
    second = Run("agenttts", by_round).go(len(INITIAL) + 4).prompts("guideline")[1]
    old, recent = second.split("Trials since the last advice")
    old = old.split("Earlier trials")[1]
    assert [f"\n{number}. " in old for number in range(6)] == [True] * 3 + [False] * 3
    assert [
        f"\n{number}. {allocation}" in recent for number, allocation in enumerate([*INITIAL, *map(small, (4, 5, 6))])
    ] == [False] * 3 + [True] * 3


def test_history_can_be_cut() -> None:
    run = Run("agenttts", by_round, {"history": 2}).go(len(INITIAL) + 1)
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
def test_guideline_window(window: tuple[int, int], shown: list[list[int]]) -> None:
    run = Run("agenttts", by_round, {"guideline_window": window}).go(len(INITIAL) + 13)
    texts = [note["reply"] for note in run.notes if note["kind"] == "guideline"]
    prompts = run.prompts("candidates")
    assert len(prompts) == 5
    assert [[number for number, text in enumerate(texts) if f"\n{text}\n" in prompt] for prompt in prompts] == shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"init_rule": None}, "`init_rule` must not be None"),
        ({"guideline_window": (1, -1)}, "`guideline_window` must be two numbers >= 0"),
        ({"guideline_window": (1,)}, "`guideline_window` must be two numbers >= 0"),
    ],
)
def test_options_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Run("agenttts", by_round, options)


def choosing(name: str) -> Any:
    """Candidates and guidelines as in :func:`by_round`, and always this list."""

    def reply(request: Request, index: int) -> str:
        return json.dumps({"list": name}) if "evolved" in (request.sampling.schema or "") else by_round(request, index)

    return reply


def test_evolution_is_off_by_default_and_then_asks_nothing() -> None:
    on, off = (Run("agenttts", choosing("own"), {"evolve": evolve}).go(len(INITIAL) + 6) for evolve in (True, False))
    assert on.asked == off.asked == Run("agenttts", by_round).go(len(INITIAL) + 6).asked
    assert [note["kind"] for note in on.notes] == ["guideline", "candidates", "choice", "chosen"] * 2
    assert [note["kind"] for note in off.notes] == ["guideline", "candidates"] * 2


def test_the_llm_chooses_the_evolved_list() -> None:
    run = Run("agenttts", choosing("evolved"), {"evolve": True}).go(len(INITIAL) + 6)
    chosen = run.of_kind("chosen")
    assert [note["list"] for note in chosen] == ["evolved", "evolved"]
    assert list(map(str, run.asked[len(INITIAL) :])) == [text for note in chosen for text in note["evolved"]]
    for note in chosen:
        assert len(note["evolved"]) == len(note["own"]) == 3
        assert not set(note["evolved"]) & set(note["own"])
    assert all(allocation is not None and PROBLEM.is_feasible(allocation) for allocation in run.asked)
    assert len(set(run.asked)) == len(run.asked)
    prompt = run.prompts("choice")[0]
    for text in (*chosen[0]["own"], *chosen[0]["evolved"]):
        assert f"- {text} | cost " in prompt


def test_children_come_from_the_best_trials() -> None:
    seen = []

    def spy(rng: Any, elders: Any) -> Any:
        seen.append(elders)
        return parents(rng, elders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agenttts_env.evolution.parents", spy)
        run = Run("agenttts", choosing("evolved"), {"evolve": True}).go(len(INITIAL) + 1)
    best = best_trial(run.told[: len(INITIAL)])
    assert seen
    assert best is not None
    assert seen[0][0] == best.requested
    assert set(seen[0]) == set(INITIAL)


def test_a_choice_that_cannot_be_read_is_asked_for_again_and_then_noted() -> None:
    run = Run("agenttts", choosing("neither"), {"evolve": True, "retries": 2}).go(len(INITIAL) + 3)
    assert run.asked[len(INITIAL) :] == [small(4), small(5), small(6)]
    assert [note["attempt"] for note in run.of_kind("choice")] == [0, 1, 2]
    assert [note["why"] for note in run.of_kind("rejected")] == ["no choice"]


def test_where_the_llm_proposes_nothing_new_there_is_nothing_to_choose() -> None:
    def reply(request: Request, index: int) -> str:
        return "nothing" if request.sampling.schema else "advice"

    run = Run("agenttts", reply, {"evolve": True, "retries": 1}).go(len(INITIAL) + 2)
    assert run.asked[len(INITIAL) :] == [None, None]  # evolution does not step in
    assert not run.of_kind("choice")


def test_a_small_space_is_searched_to_its_end() -> None:
    problem = Problem.of(PROBLEM.task, levels=(1, 2))
    run = Run("agenttts", scripted_reply, {"evolve": True, "insight_1": False, "retries": 0}, problem).go(40)
    assert run.of_kind("chosen")[-1]["evolved"]
    assert len({trial.requested for trial in run.told if trial.state == "complete"}) == problem.count()


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ('{"list": "own"}', "own"),
        ('{"list": "own"} no, {"list" : "evolved"}', "evolved"),
        ('{"list": "Own"}', None),
        ("evolved", None),
        ("", None),
        ('{"list": ["own"]}', None),
    ],
)
def test_reading_a_choice(reply: str, choice: str | None) -> None:
    assert read_choice(reply) == choice


def test_three_stages() -> None:
    stages = (*STAGES, Stage("check", (SMALL, LARGE), 512, 128, 128))
    problem = Problem.of(Task("three", "", stages, ("right", "read")), levels=(1, 2, 4, 8, 16))
    run = Run("agenttts", scripted_reply, {"batch": 5, "retries": 0}, problem).go(30)
    assert "1, 2, 4, 8, 16" in run.prompts("candidates")[0]
    assert sum(allocation is not None for allocation in run.asked) == 30
