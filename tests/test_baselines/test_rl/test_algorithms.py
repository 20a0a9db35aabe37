from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenttts_env.baselines.rl.algorithms import (
    ALGORITHMS,
    check_algorithm,
    get_algorithm,
    hyperparameters_of,
    make_model,
    read_hyperparameters,
)
from agenttts_env.baselines.rl.problems import KINDS, make_envs, problem_kind
from agenttts_env.errors import InvalidInputError


def test_every_problem_has_hyperparameters_that_its_algorithms_take() -> None:
    values = read_hyperparameters()
    assert tuple(values) == KINDS
    for kind in KINDS:
        algorithms = [name for name in values[kind] if name != "env"]
        assert algorithms
        for name in algorithms:
            found = hyperparameters_of(values, kind, get_algorithm(name), {})
            assert found["num_envs"] > 1
            if "n_steps" in found:  # not DQN, which draws its batches
                assert (found["num_envs"] * found["n_steps"]) % found.get("batch_size", 1) == 0


def test_changes_replace_values() -> None:
    values = read_hyperparameters()
    found = hyperparameters_of(values, "search", get_algorithm("PPO"), {"gamma": 0.5})
    assert found == {**values["search"]["PPO"], "gamma": 0.5}
    with pytest.raises(InvalidInputError, match=r"hyperparameters of PPO must be among num_envs, .*, but got 'gama'"):
        hyperparameters_of(values, "search", get_algorithm("PPO"), {"gama": 0.5})
    with pytest.raises(InvalidInputError, match="`num_envs` must be an integer >= 1, but got 0"):
        hyperparameters_of(values, "search", get_algorithm("PPO"), {"num_envs": 0})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must map decision problems to algorithms"),
        ("walking: {}", "must have decision problems among search, stagewise, per-query, mixture, but has 'walking'"),
        ("search: {TRPO: {}}", "must have env or PPO, .*, but has 'TRPO'"),
        ("search: {PPO: 3}", "PPO of search must be names and values, but got 3"),
        ("search: {", "cannot read the hyperparameters in"),
    ],
)
def test_files_that_break_a_rule(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_hyperparameters(file)
    with pytest.raises(InvalidInputError, match="cannot read the hyperparameters in"):
        read_hyperparameters(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("name", "env", "message"),
    [
        (
            "PPO",
            "AgentTTS/CWQ-Stagewise-v0",
            r"`algo` PPO ignores action masks, .*: use MaskablePPO, or --env-option mas",
        ),
        ("DQN", "AgentTTS/CWQ-PerQuery-v0", r"use MaskablePPO, or --env-option masked=replace, which takes an allowed"),
        ("PPO", "AgentTTS/Mixture-v0", r"`algo` PPO ignores action masks, .*: use MaskablePPO$"),
        ("MaskablePPO", "AgentTTS/CWQ-v0", r"needs action masks, .*: use PPO or A2C or RecurrentPPO$"),
        ("DQN", "AgentTTS/CWQ-v0", r"needs one choice from a list, .*: use PPO or A2C or RecurrentPPO$"),
    ],
)
def test_an_algorithm_that_cannot_learn_here_names_those_that_can(name: str, env: str, message: str) -> None:
    envs = make_envs(env, 2, {"examples": 5})
    with pytest.raises(InvalidInputError, match=message):
        check_algorithm(get_algorithm(name), envs)


@pytest.mark.parametrize("env", ["AgentTTS/CWQ-Stagewise-v0", "AgentTTS/CWQ-PerQuery-v0"])
def test_every_algorithm_can_learn_where_masked_actions_are_replaced(env: str) -> None:
    envs = make_envs(env, 2, {"examples": 5, "masked": "replace"})
    kind = problem_kind(env)
    for algorithm in ALGORITHMS.values():
        check_algorithm(algorithm, envs)
    for name in ("PPO", "A2C", "DQN", "MaskablePPO"):
        assert len(hyperparameters_of(read_hyperparameters(), kind, get_algorithm(name), {})) > 5


def test_discrete_actions_without_masks(counting: Callable[..., Any]) -> None:
    for algorithm in ALGORITHMS.values():
        if not algorithm.masks:
            check_algorithm(algorithm, counting(2))


def test_other_errors(counting: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInputError, match="`algo` must be one of PPO, A2C, DQN, MaskablePPO, RecurrentPPO, but"):
        get_algorithm("ppo")
    with pytest.raises(InvalidInputError, match="A2C refuses its hyperparameters"):
        make_model(get_algorithm("A2C"), counting(2), {"n_steps": 2, "rms_prop_eps": 1e-5, "verbose_": 1}, seed=0)
    for rate in ([0.1], [0.1, -1], ["fast", 0]):
        with pytest.raises(InvalidInputError, match="`learning_rate` must be a number, or the first and the last"):
            make_model(get_algorithm("A2C"), counting(2), {"n_steps": 2, "learning_rate": rate}, seed=0)
    with pytest.raises(InvalidInputError, match=r"`env` must be one of AgentTTS/.*, but got 'CartPole-v1'"):
        problem_kind("CartPole-v1")
    with pytest.raises(InvalidInputError, match=r"`env_option` must be options of AgentTTS/CWQ-v0, but got"):
        make_envs("AgentTTS/CWQ-v0", 2, {"gravity": 9.8})


def test_kinds() -> None:
    names = ("CWQ", "CWQ-Stagewise", "CWQ-PerQuery", "Mixture")
    assert tuple(problem_kind(f"AgentTTS/{name}-v0") for name in names) == KINDS
