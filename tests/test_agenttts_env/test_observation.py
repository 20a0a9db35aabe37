"""What a policy sees of the past: windows and summaries beside what each trial showed, in one and in many searches."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st
from simulations import toy_env, toy_problem, toy_vector_env

from agenttts_env.allocation import Allocation
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import observation_names
from agenttts_env.trial import Trial

KINDS: list[dict[str, Any]] = [
    {"observation": "window", "window": 3},
    {"observation": "window", "window": 1},
    {"observation": "summary"},
]


def play(env: AllocationEnv, actions: np.ndarray[Any, Any]) -> list[dict[str, float]]:
    """What an episode shows, by name."""
    shown = [env.reset(seed=0)[0], *(env.step(action)[0] for action in actions)]
    assert all(observation in env.observation_space for observation in shown)
    return [dict(zip(env.observation_names, observation.tolist(), strict=True)) for observation in shown]


def some_actions(count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Actions of which some are over budget, and some are repeated."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, [2, 12] * 3, (count, 6))


@pytest.mark.parametrize("options", KINDS)
def test_gymnasiums_checker_is_content(options: dict[str, Any]) -> None:
    check_env(toy_env(trials=5, **options), skip_render_check=True)


def test_names_are_unique_and_the_default_is_the_last_trial() -> None:
    problem = toy_problem()
    for kind in ("trial", "window", "summary"):
        names = observation_names(problem, kind)
        assert len(set(names)) == len(names)
        assert names[: len(observation_names(problem))] == observation_names(problem)
    assert toy_env().observation_names == observation_names(problem)
    assert len(observation_names(problem, "window", 4)) == 3 + 4 * (len(observation_names(problem)) - 3)


def test_a_window_shows_what_each_trial_showed_newest_first() -> None:
    actions = some_actions(9)
    last, window = play(toy_env(trials=9), actions), play(toy_env(trials=9, **KINDS[0]), actions)
    fields = [name.removeprefix("last ") for name in last[0] if name.startswith("last ")]
    for number, shown in enumerate(window):
        for name, value in last[number].items():
            assert shown[name] == value
        for back in (1, 2):
            for field in fields:
                expected = last[number - back][f"last {field}"] if number >= back else 0.0
                assert shown[f"last but {back} {field}"] == expected


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20)
def test_a_summary_adds_up_the_trials(seed: int) -> None:
    actions = some_actions(12, seed)
    env = toy_env(trials=12, examples=10, observation="summary")  # few examples, so that scores are often equal
    shown = play(env, actions)[-1]
    problem, complete = env.problem, [trial for trial in env.trials if trial.state == "complete"]
    assert shown["complete"] == pytest.approx(len(complete) / 12)
    assert shown["infeasible"] == pytest.approx(1 - len(complete) / 12)

    def level(trial: Trial, stage: int) -> float:
        return problem.encode(trial.allocation)[2 * stage + 1] / 99  # type: ignore[arg-type]

    best = env.best
    for index, stage in enumerate(problem.task.stages):
        if best is not None:
            assert shown[f"best {stage.name} level"] == pytest.approx(level(best, index))
            assert shown[f"best {stage.name} model"] == problem.encode(best.allocation)[2 * index]  # type: ignore[arg-type]
        for model in stage.models:
            prefix = f"{stage.name} {model.name}"
            used = [trial for trial in complete if trial.allocation.stages[index].model == model.name]  # type: ignore[union-attr]
            assert shown[f"{prefix} trials"] == pytest.approx(len(used) / 12)
            one = min(used, key=lambda t: (-t.score, t.cost, t.number), default=None)  # type: ignore[operator]
            score, cost = (one.score, problem.spent_share(one.cost)) if one else (0.0, 0.0)  # type: ignore[arg-type]
            assert shown[f"{prefix} best score"] == pytest.approx(score)
            assert shown[f"{prefix} best cost share"] == pytest.approx(cost, abs=1e-6)
            assert shown[f"{prefix} best level"] == pytest.approx(level(one, index) if one else 0.0)
    if best is not None:
        assert shown["best score"] == pytest.approx(best.score)
        assert shown["best cost share"] == pytest.approx(problem.spent_share(best.cost), abs=1e-6)  # type: ignore[arg-type]


def test_trials_that_were_only_recorded_are_remembered_too() -> None:
    env = toy_env(trials=4, observation="summary")
    env.reset()
    env.record(Trial(0, None, None, "failed", reason="named none"))
    dear = Allocation.of(("large", 100), ("large", 100), ("large", 100))
    env.record(Trial(1, dear, None, "infeasible", cost=env.problem.cost_of(dear)))
    cheap = Allocation.of(("small", 2), ("small", 1), ("small", 1))
    observation, *_ = env.record(
        Trial(2, cheap, cheap, "complete", cost=env.problem.cost_of(cheap), score=0.5, metrics={"quality": 0.5})
    )
    shown = dict(zip(env.observation_names, observation.tolist(), strict=True))
    assert (shown["complete"], shown["infeasible"]) == (0.25, 0.25)
    assert (shown["read small trials"], shown["read large trials"]) == (0.25, 0.0)
    assert shown["write small best score"] == 0.5


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("infeasible", ["penalise", "project"])
@pytest.mark.parametrize("options", KINDS)
def test_many_searches_equal_single_ones_bit_for_bit(
    options: dict[str, Any], infeasible: Any, mode: AutoresetMode
) -> None:
    budgets, seeds = (300.0, 2500.0, 2500.0, 9000.0), (3, 0, 3, 1)
    options = {**options, "infeasible": infeasible, "trials": 5, "examples": 20}
    problems = [toy_problem(budget) for budget in budgets]
    ours = toy_vector_env(problems, seeds, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv(
        [
            lambda problem=problem, seed=seed: toy_env(problem, seed=seed, **options)  # type: ignore[misc]
            for problem, seed in zip(problems, seeds, strict=True)
        ],
        autoreset_mode=mode,
    )
    assert ours.single_observation_space == theirs.single_observation_space
    assert (ours.reset()[0] == theirs.reset()[0]).all()
    mask = {"reset_mask": np.array([False, True, False, True])}
    for step in range(14):
        actions = some_actions(4, step)
        one, two = ours.step(actions), theirs.step(actions)
        assert (one[0] == two[0]).all()
        if "final_obs" in two[4]:
            for left, right in zip(one[4]["final_obs"], two[4]["final_obs"], strict=True):
                assert (left is None and right is None) or left.tolist() == right.tolist()
        if step == 1:  # out of step from here on
            assert (ours.reset(options=mask.copy())[0] == theirs.reset(options=mask.copy())[0]).all()
        if mode is AutoresetMode.DISABLED and two[2].any():
            over = {"reset_mask": two[2]}
            assert (ours.reset(options=over.copy())[0] == theirs.reset(options=over.copy())[0]).all()


def test_it_is_an_option_of_the_registered_environments() -> None:
    for kind in ("trial", "window", "summary"):
        single = gym.make("AgentTTS/ChatDev-v0", observation=kind, window=2)
        many = gym.make_vec("AgentTTS/ChatDev-v0", 2, observation=kind, window=2)
        assert single.observation_space == many.single_observation_space
        expected = observation_names(single.get_wrapper_attr("problem"), kind, 2)  # type: ignore[arg-type]
        assert single.get_wrapper_attr("observation_names") == many.observation_names == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [toy_env, lambda **options: toy_vector_env([toy_problem()], [0], **options)])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observation": "dream"}, "`observation` must be one of .* but got 'dream'"),
        ({"observation": "window", "window": 0}, "`window` must be >= 1, but got 0"),
    ],
)
def test_bad_options_are_refused(make: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make(**options)
