"""A problem as policies see it: the same as in the mixture, for any task, whatever its names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mixtures import OPTIONS, masked_actions, small_vector_env

from agenttts_env.allocation import Allocation
from agenttts_env.building import build_task
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InfeasibleError, InvalidInputError
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.mixture import MixtureEncoding, MixtureVectorEnv
from agenttts_env.mixture.layout import LEVELS, SIZE, observation_names
from agenttts_env.model import Model
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.trial import Trial


def search_beside(env: MixtureVectorEnv, number: int, infos: dict[str, Any], trials: int) -> AllocationEnv:
    """The single-task environment of a sub-environment's episode."""
    problem = env.problem(number)
    landscape = env.landscapes[int(infos["task"][number])]
    seed = int(infos["data_seed"][number])
    evaluator = SimulatedEvaluator(problem.task, landscape, seed=seed, examples=OPTIONS["examples"])
    return AllocationEnv(problem, evaluator, trials=trials, reward=env.reward, infeasible="raise")


@pytest.mark.parametrize("reward", ["improvement", "score", "best"])
def test_it_equals_the_environments_and_they_equal_the_task(reward: str) -> None:
    """Random episodes in the mixture, and the same allocations in the same order in each one's own environment."""
    env = small_vector_env(12, trials=9, reward=reward)
    observations, infos = env.reset(seed=4)
    assert set(infos["task"]) == {0, 1}
    singles = [search_beside(env, number, infos, 9) for number in range(12)]
    encodings = [MixtureEncoding(single.problem, trials=9, levels=OPTIONS["levels"]) for single in singles]
    rng = np.random.default_rng(0)
    for single in singles:
        single.reset()
    for step in range(10):
        masks = env.action_masks()
        for number, encoding in enumerate(encodings):
            assert encoding.observe(singles[number].trials).tolist() == observations[number].tolist()
            assert encoding.action_masks().tolist() == masks[number].tolist()
        if step == 9:
            break
        actions = masked_actions(masks, env.single_action_space.nvec, rng)  # type: ignore[attr-defined]
        observations, rewards, _, _, infos = env.step(actions)
        for number, (single, encoding) in enumerate(zip(singles, encodings, strict=True)):
            allocation = encoding.decode(actions[number])
            _, single_reward, _, _, info = single.step(single.problem.encode(allocation))
            assert (rewards[number], infos["score"][number]) == (single_reward, info["score"])
            assert infos["cost"][number] == info["cost"]
            stages = single.problem.task.stages
            for index, (stage, choice) in enumerate(zip(stages, allocation.stages, strict=True)):
                assert stage.models[infos["models"][number, index]].name == choice.model
                assert infos["samples"][number, index] == choice.samples
            assert (infos["models"][number, len(stages) :] == -1).all()
            assert (infos["samples"][number, len(stages) :] == 0).all()


def renamed(problem: Problem) -> Problem:
    """The same with other names everywhere."""
    stages = tuple(
        replace(
            stage,
            name=f"stage-{index}",
            models=tuple(replace(model, name=f"m{index}{slot}") for slot, model in enumerate(stage.models)),
        )
        for index, stage in enumerate(problem.task.stages)
    )
    return replace(problem, task=replace(problem.task, name="other", description="", stages=stages))


def test_names_change_no_number() -> None:
    problem = make_env("chatdev").problem
    other = renamed(problem)
    one, two = MixtureEncoding(problem), MixtureEncoding(other)
    assert one.observe().tolist() == two.observe().tolist()
    assert one.action_masks().tolist() == two.action_masks().tolist()
    rng, told, retold = np.random.default_rng(1), [], []
    for number in range(6):
        action = masked_actions(one.action_masks()[None], np.array([3, 12] * 3), rng)[0]
        first, second = one.decode(action), two.decode(action)
        assert first != second
        assert one.problem.encode(first).tolist() == two.problem.encode(second).tolist()
        shared = {"state": "complete", "cost": problem.cost_of(first), "score": float(rng.random())}
        told.append(Trial(number, first, first, **shared))  # type: ignore[arg-type]
        retold.append(Trial(number, second, second, **shared))  # type: ignore[arg-type]
        assert one.observe(told).tolist() == two.observe(retold).tolist()


def test_an_observation_says_what_its_names_say() -> None:
    problem = make_env("2wikimultihopqa", budget=928.0).problem
    encoding = MixtureEncoding(problem, trials=4)

    def shown(*trials: Trial) -> dict[str, float]:
        return dict(zip(observation_names(), encoding.observe(trials).tolist(), strict=True))

    def complete(number: int, score: float, *choices: tuple[str, int]) -> Trial:
        allocation = Allocation.of(*choices)
        return Trial(number, allocation, allocation, "complete", cost=problem.cost_of(allocation), score=score)

    before = shown()
    assert (before["trials left"], before["stages"], before["stage 3 present"]) == (1, 0.5, 0)
    assert before["stage 1 prompt tokens"] == 11 / 16
    assert before["stage 1 fused by model"] == 1
    assert before["stage 1 model 3 parameters"] == pytest.approx(np.log10(72) / 3)
    assert before["stage 2 model 1 price"] == pytest.approx(np.log10(0.06) / 2)
    room = problem.budget - problem.cheapest_cost
    tables = problem.cost_tables
    assert before["stage 1 model 3 first sample"] == pytest.approx((tables[0][2, 0] - tables[0][0, 0]) / room)
    assert before["stage 1 model 2 next sample"] == pytest.approx(1 + np.log10(64 / 3 / room) / 4)
    most = problem.most_samples(1, "llama-3.1-70b", float(tables[0][0, 0]))
    most = max(level for level in LEVELS if level <= most)
    assert before["stage 2 model 3 most samples"] == pytest.approx(0.5 + np.log10(most) / 4)
    assert not any(value for name, value in before.items() if name.startswith("last") or "best" in name)

    first = complete(0, 0.5, ("qwen2.5-7b", 1), ("llama-3.2-3b", 100))
    second = complete(1, 0.5, ("qwen2.5-7b", 1), ("llama-3.2-3b", 10))  # as good and cheaper
    third = complete(2, 0.25, ("qwen2.5-32b", 1), ("llama-3.2-3b", 1))
    after = shown(first, second, third)
    assert (after["trials left"], after["best score"], after["last score"]) == (0.25, 0.5, 0.25)
    assert after["best cost"] == pytest.approx(problem.spent_share(second.cost))  # type: ignore[arg-type]
    assert after["last cost"] == pytest.approx(problem.spent_share(third.cost))  # type: ignore[arg-type]
    assert (after["stage 1 best level"], after["stage 2 best level"], after["stage 2 last level"]) == (0.5, 0.75, 0.5)
    assert (after["stage 1 model 1 trials"], after["stage 2 model 1 trials"]) == (0.5, 0.75)
    assert [after[f"stage 1 model {n} in best"] for n in (1, 2, 3)] == [1, 0, 0]
    assert [after[f"stage 1 model {n} in last"] for n in (1, 2, 3)] == [0, 1, 0]
    assert (after["stage 1 model 2 best score"], after["stage 2 model 1 best score"]) == (0.25, 0.5)
    assert after["stage 2 model 1 best level"] == 0.75


def test_trials_without_a_score_or_an_allocation_count() -> None:
    problem = make_env("cwq").problem
    dear = Allocation.of(("qwen2.5-72b", 100), ("llama-3.1-8b", 1))
    trials = [
        Trial(0, dear, None, "infeasible", cost=problem.cost_of(dear)),
        Trial(1, None, None, "failed", reason="named none"),
    ]
    shown = dict(zip(observation_names(), MixtureEncoding(problem).observe(trials[:1]).tolist(), strict=True))
    assert (shown["last complete"], shown["last score"], shown["best score"], shown["last cost"]) == (0, 0, 0, 2)
    assert (shown["stage 1 model 2 trials"], shown["stage 1 model 2 best level"]) == (pytest.approx(1 / 50), 0)
    shown = dict(zip(observation_names(), MixtureEncoding(problem).observe(trials).tolist(), strict=True))
    assert shown["trials left"] == pytest.approx(0.96)
    assert not any(value for name, value in shown.items() if "last" in name or "best" in name)


@pytest.mark.parametrize("name", ["fictional-qa", "chatdev-srdd"])
def test_tasks_that_the_mixture_does_not_train_on(name: str) -> None:
    problem = Problem.of(build_task(name))
    encoding, rng = MixtureEncoding(problem), np.random.default_rng(0)
    assert encoding.problem.levels == LEVELS
    assert encoding.observe().shape == (SIZE,)
    for _ in range(20):
        action = masked_actions(encoding.action_masks()[None], np.array([3, 12] * 3), rng)[0]
        assert problem.is_feasible(encoding.decode(action))


def test_levels_that_the_problem_lacks_stand_for_lower_ones() -> None:
    problem = make_env("cwq", budget=1e9, levels=(2, 4, 8, 16)).problem
    encoding = MixtureEncoding(problem, levels=(1, 3, 5, 10, 100))
    assert encoding.problem.levels == (2, 4, 8, 16)
    found = [encoding.decode([0, level, 1, level, 0, 0]).stages[1].samples for level in range(5)]
    assert found == [2, 2, 4, 8, 16]
    for samples in (2, 4, 8, 16):
        allocation = Allocation.of(("qwen2.5-7b", 2), ("llama-3.1-70b", samples))
        assert encoding.decode(encoding.encode(allocation)) == allocation


def made_up(stages: int, models: int) -> Problem:
    """A problem of this shape."""
    offered = tuple(Model(f"m{index}", (index + 1) * 1e9) for index in range(models))
    return Problem.of(
        Task("wide", "", tuple(Stage(f"s{index}", offered, 100, 10, 10) for index in range(stages)), ("m",)), budget=1e6
    )


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (made_up(4, 2), {}, "the mixture has room for 3 stages, but task 'wide' has 4"),
        (made_up(1, 4), {}, "room for 3 models at a stage, but stage 's0' of task 'wide' has 4"),
        (made_up(1, 1), {"levels": (2, 1)}, r"`levels` must be ascending integers >= 1, but got \(2, 1\)"),
        (made_up(1, 1), {"levels": ()}, "`levels` must be ascending"),
        (made_up(1, 1), {"trials": 0}, "`trials` must be >= 1, but got 0"),
    ],
)
def test_what_does_not_fit_is_refused(problem: Problem, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        MixtureEncoding(problem, **options)


def test_a_task_of_one_stage_and_one_model_has_its_place() -> None:
    encoding = MixtureEncoding(made_up(1, 1))
    assert encoding.action_masks().sum() == 1 + len(LEVELS) + 2 + 2
    assert encoding.decode([2, 11, 0, 5, 1, 1]) == Allocation.of(("m0", 100))


@pytest.mark.parametrize("action", [[0] * 5, [0, 0, 0, 0, 0, 12], [-1, 0, 0, 0, 0, 0], [0.0] * 6])
def test_bad_actions_are_refused(action: list[Any]) -> None:
    with pytest.raises(InvalidInputError, match="action"):
        MixtureEncoding(made_up(2, 2)).decode(action)


def test_an_allocation_that_no_action_names_is_refused() -> None:
    encoding = MixtureEncoding(made_up(2, 2))
    with pytest.raises(InvalidInputError, match=r"`samples` must be one of the levels .* got 4"):
        encoding.encode(Allocation.of(("m0", 4), ("m1", 1)))
    with pytest.raises(InfeasibleError, match=r"within 10, not m1 x100 \+ m1 x100"):
        MixtureEncoding(replace(made_up(2, 2), budget=10.0)).encode(Allocation.of(("m1", 100), ("m1", 100)))
