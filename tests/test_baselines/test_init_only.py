from __future__ import annotations

import gymnasium as gym
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.init_only import InitOnlySearcher
from agenttts_env.env import AllocationEnv
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.search import search
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import check_searcher
from agenttts_env.trial import Trial, best_trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
TASK = Task("two", "", (Stage("a", (SMALL, LARGE), 256, 64, 64), Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",))
PROBLEM = Problem.of(TASK)


@pytest.mark.parametrize("init_rule", ["paper", "code_head"])
@pytest.mark.parametrize("problem", [PROBLEM, Problem.of(TASK, budget=6.0)])
def test_contract(problem: Problem, init_rule: InitRule) -> None:
    check_searcher(lambda: InitOnlySearcher(init_rule=init_rule), problem, within_budget=True)


def run(scores: list[float | None], more: int) -> list[Allocation]:
    searcher = InitOnlySearcher(init_rule="code_head")
    searcher.reset(PROBLEM, trials=len(scores) + more, seed=0)
    asked = []
    for number in range(len(scores) + more):
        asked.append(searcher.ask())
        score = scores[number] if number < len(scores) else 0.5
        state = "failed" if score is None else "complete"
        searcher.tell(Trial(number, asked[-1], None, state, cost=1.0, score=score))
    return asked


def test_repeats_the_best_initial_trial() -> None:
    initial = initial_allocations(PROBLEM, "code_head")
    assert len(initial) == 4
    assert run([0.5, 0.7, None, 0.6], 4) == [*initial, *[initial[1]] * 4]


def test_repeats_the_first_where_none_was_completed() -> None:
    initial = initial_allocations(PROBLEM, "code_head")
    assert run([None] * 4, 1) == [*initial, initial[0]]


def test_a_repeat_is_free_and_changes_nothing() -> None:
    env = gym.make("AgentTTS/2WikiMultiHopQA-v0", backend="simulated", examples=10, trials=12).unwrapped
    assert isinstance(env, AllocationEnv)
    initial = len(initial_allocations(env.problem))
    trials = search(env, InitOnlySearcher())
    best = best_trial(trials[:initial])
    assert best is not None
    for trial in trials[initial:]:
        assert (trial.requested, trial.example_scores) == (best.requested, best.example_scores)
        assert trial.ledger.samples_computed == 0
        assert trial.ledger.samples_reused > 0
