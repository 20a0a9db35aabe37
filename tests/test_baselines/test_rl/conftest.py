"""Policies that were trained for a moment through the real command, and a small environment that truncates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from rich.console import Console

for _module in ("stable_baselines3", "sb3_contrib", "tensorboard", "yaml"):
    pytest.importorskip(_module)

ENVS = {
    "search": "AgentTTS/CWQ-v0",
    "stagewise": "AgentTTS/CWQ-Stagewise-v0",
    "per-query": "AgentTTS/CWQ-PerQuery-v0",
    "mixture": "AgentTTS/Mixture-v0",
}
ENV_OPTIONS: dict[str, dict[str, Any]] = {
    "search": {"examples": 10, "trials": 10},
    "stagewise": {"examples": 10},
    "per-query": {"examples": 10},
    "mixture": {"examples": 10, "tasks": ["webqsp", "taskbench"]},
}


class Counting(VectorEnv[Any, Any, Any]):
    """Counts steps; action 1 of 3 is rewarded. Episodes of even sub-environments end after 3 steps, others after 4.

    Where the number is divisible by 3 they are truncated.
    """

    def __init__(self, num_envs: int, autoreset_mode: AutoresetMode = AutoresetMode.SAME_STEP) -> None:
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": autoreset_mode}
        self.single_observation_space = gym.spaces.Box(0, 1, (2,), dtype=np.float32)
        self.single_action_space = gym.spaces.Discrete(3)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._lengths = np.where(np.arange(num_envs) % 2, 4, 3)
        self._count = np.zeros(num_envs, dtype=np.int64)

    def _observe(self) -> Any:
        return np.stack([self._count / 4, np.ones(self.num_envs)], axis=1).astype(np.float32)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self._count[:] = 0
        return self._observe(), {}

    def step(self, actions: Any) -> Any:
        self._count += 1
        done = self._count >= self._lengths
        truncated = done & (np.arange(self.num_envs) % 3 == 0)
        infos: dict[str, Any] = {}
        if done.any():
            final = np.full(self.num_envs, None, dtype=object)
            for number in np.flatnonzero(done):
                final[number] = self._observe()[number]
            infos = {"final_obs": final, "_final_obs": done.copy()}
        self._count[done] = 0
        return self._observe(), (actions == 1) * 1.0, done & ~truncated, truncated, infos


@pytest.fixture
def counting() -> Callable[..., Counting]:
    return Counting


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Trains a policy of a kind of problem for a moment, once; returns its folder."""
    from agenttts_env.experiments.train import run_training
    from agenttts_env.experiments.train_options import TrainOptions

    folders: dict[tuple[str, str | None], Path] = {}

    def train(kind: str, algo: str | None = None) -> Path:
        if (kind, algo) not in folders:
            folder = tmp_path_factory.mktemp("policy") / "run"
            options = TrainOptions(
                env=ENVS[kind], env_option=ENV_OPTIONS[kind], algo=algo, steps=60, eval_every=60, eval_episodes=4,
                data_seeds=2, eval_data_seeds=2, out=str(folder),
                hyperparameter={"num_envs": 4, "n_steps": 5, **({} if algo == "A2C" else {"batch_size": 10})},
            )  # fmt: skip
            run_training(options, Console(quiet=True))
            folders[kind, algo] = folder
        return folders[kind, algo]

    return train
