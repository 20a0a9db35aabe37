"""The simulated evaluator, and the environment on top of it."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landscapes import toy_landscape

import agenttts_env
from agenttts_env.allocation import Allocation
from agenttts_env.baselines import RandomSearcher
from agenttts_env.building import build_simulated
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.simulation.landscape import Landscape
from agenttts_env.stage import Fusion, Stage
from agenttts_env.task import Task

MODELS = (Model("small", 3e9, 4, 64, 0.1), Model("large", 70e9, 8, 128, 1.0))
LANDSCAPE = toy_landscape()


def toy(fusion: Fusion = "llm") -> Task:
    stages = tuple(Stage(stage.name, MODELS, 100, 10, 10, fusion=fusion) for stage in LANDSCAPE.stages)
    return Task("toy", "Nothing real.", stages, tuple(LANDSCAPE.metrics))


def evaluator(examples: int = 50, fusion: Fusion = "llm", landscape: Landscape = LANDSCAPE) -> SimulatedEvaluator:
    return SimulatedEvaluator(toy(fusion), landscape, seed=5, examples=examples)


choices = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 100)), min_size=3, max_size=3)
SHARED = evaluator(65)


def named(chosen: list[tuple[int, int]]) -> Allocation:
    return Allocation.of(*((MODELS[model].name, samples) for model, samples in chosen))


@given(chosen=choices)
def test_the_quick_means_are_the_means_to_the_last_bit(chosen: list[tuple[int, int]]) -> None:
    evaluation = SHARED.evaluate(named(chosen), "anybody")
    assert SHARED.means(chosen) == [evaluation.mean("quality"), evaluation.mean("reading")]
    assert {len(scores) for scores in evaluation.scores.values()} == {65}


def test_the_ledger_pays_for_every_token_once() -> None:
    run = evaluator()
    read = [run.evaluate(named([(0, s), (0, 1), (0, 1)]), "t").ledgers["read"] for s in (4, 10, 10, 2)]
    first, more, again, fewer = read
    assert (first.samples_computed, first.samples_reused) == (50 * (4 + 1), 0)  # and a fusing call each
    assert (first.prompt_tokens_computed, first.decode_tokens_computed) == (50 * (100 + 140), 50 * (40 + 10))
    assert (more.samples_computed, more.samples_reused) == (50 * (6 + 1), 50 * 4)
    assert more.flops > 0
    assert again == more.as_reused()
    assert (fewer.samples_computed, fewer.samples_reused) == (50, 50 * 2)  # another fusing, over the same samples
    run.begin()
    assert run.evaluate(named([(0, 4), (0, 1), (0, 1)]), "t").ledgers["read"] == first


def test_a_later_stage_pays_again_where_its_input_changed() -> None:
    run = evaluator()
    run.evaluate(named([(0, 1), (0, 8), (0, 1)]), "t")
    plan = run.evaluate(named([(1, 60), (0, 8), (0, 1)]), "t").ledgers["plan"]
    assert 0 < plan.samples_computed < 50 * 9
    assert plan.samples_computed % 9 == 0
    assert plan.samples_computed + plan.samples_reused == 50 * 9


def test_a_vote_costs_no_fusing_call_and_never_loses_its_way() -> None:
    ledger = evaluator(fusion="vote").evaluate(named([(0, 8), (0, 1), (0, 1)]), "t").ledgers["read"]
    assert ledger.samples_computed == 50 * 8
    clumsy = replace(LANDSCAPE, stages=tuple(replace(s, capacity=(0.1, 0.2)) for s in LANDSCAPE.stages))
    by_vote, by_model = (evaluator(2000, how, clumsy).means([(0, 60)] * 3)[0] for how in ("vote", "llm"))
    assert by_vote > by_model + 0.1


@given(recalled=st.integers(0, 6))
def test_a_resumed_search_has_the_same_log(recalled: int) -> None:
    def env() -> AllocationEnv:
        return AllocationEnv(Problem.of(toy(), budget=3000.0), evaluator(), trials=6)

    whole = agenttts_env.search(env(), RandomSearcher(), seed=2)
    again = agenttts_env.search(env(), RandomSearcher(), seed=2, resume=whole[:recalled])
    assert [trial.to_json() for trial in again] == [trial.to_json() for trial in whole]
    assert any(trial.ledger != Ledger() for trial in whole)


@pytest.mark.parametrize("name", ["2WikiMultiHopQA", "HotpotQA", "CWQ", "WebQSP", "TaskBench", "ChatDev"])
def test_all_six_tasks_are_simulated_by_default_and_say_so(name: str) -> None:
    env = gym.make(f"AgentTTS/{name}-v0")
    _, info = env.reset(seed=0)
    assert info["backend"] == "simulated"
    assert "backend=simulated" in repr(env.unwrapped)
    assert "simulated" in str(env)
    inner = env.unwrapped
    assert isinstance(inner, AllocationEnv)
    rng = np.random.default_rng(0)
    for _ in range(3):
        *_, info = env.step(inner.problem.encode(inner.problem.sample(rng)))
        assert 0 < info["score"] < 1
    trial = inner.trials[-1]
    assert trial.score == info["score"]
    assert set(trial.metrics) == set(inner.problem.task.metrics)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "vllm"}, "`engine` needs backend='live', but the backend is 'simulated'"),
        ({"data": "folder"}, "`data` needs backend='live'"),
        ({"store": "file"}, "`store` needs backend='live'"),
        ({"task_options": {"demonstrations": 1}}, "`task_options` needs backend='live'"),
        ({"table": "cwq"}, "`table` needs backend='replay', but the backend is 'simulated'"),
        ({"models": "smollm2-135m"}, "is simulated for the models qwen2.5-7b, .*, but got 'smollm2-135m'"),
        ({"levels": (1, 200)}, "at most 100"),
        ({"data_seed": -1}, "`seed` must lie in"),
        ({"examples": 0}, "`examples` must be >= 1, but got 0"),
    ],
)
def test_what_a_simulation_cannot_do_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        gym.make("AgentTTS/2WikiMultiHopQA-v0", **options)


def test_temperatures_and_fusions_reach_the_simulation() -> None:
    task, landscape = build_simulated("cwq", temperatures={"answer": 0.3}, fusions={"retrieve": "vote"})
    data = SimulatedEvaluator(task, landscape).dataset
    assert data.temperatures == (0.9, 0.3)
    assert data.fused_by_model == (False, True)
