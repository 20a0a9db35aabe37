from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agenttts_env.baselines.rl.algorithms import get_algorithm, make_model
from agenttts_env.baselines.rl.sections import learn_in_sections
from agenttts_env.baselines.rl.vec_env import SB3VecEnv

SETTINGS = {"steps": 320, "every": 96, "seed": 5}


@pytest.mark.parametrize(
    ("name", "hyperparameters"),
    [
        ("PPO", {"n_steps": 8, "batch_size": 16, "learning_rate": 0.01}),
        ("PPO", {"n_steps": 8, "batch_size": 16, "learning_rate": [0.02, 0.001]}),
        ("DQN", {"learning_starts": 40, "train_freq": 2, "buffer_size": 200, "learning_rate": 0.01}),
    ],
)
def test_a_saved_model_goes_on_exactly(
    name: str, hyperparameters: dict[str, Any], counting: Callable[..., Any]
) -> None:
    algorithm = get_algorithm(name)
    model = make_model(algorithm, counting(8), hyperparameters, seed=1)
    saved: dict[int, tuple[io.BytesIO, bytes]] = {}

    def keep() -> None:
        file = io.BytesIO()
        model.save(file)
        saved[model.num_timesteps] = file, pickle.dumps(getattr(model, "replay_buffer", None))

    learn_in_sections(model, **SETTINGS, on_section=keep)  # type: ignore[arg-type]
    whole = {key: value.numpy() for key, value in model.policy.state_dict().items()}
    assert model.num_timesteps >= 320
    assert len(saved) >= 4  # the beginning, sections, the end
    file, buffer = saved[sorted(saved)[2]]
    file.seek(0)
    again = algorithm.load().load(file, env=SB3VecEnv(counting(8)), device="cpu")
    if name == "DQN":
        again.replay_buffer = pickle.loads(buffer)
    sections = []
    learn_in_sections(again, **SETTINGS, on_section=lambda: sections.append(again.num_timesteps))  # type: ignore[arg-type]
    assert sections == sorted(saved)[3:]
    for key, value in again.policy.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), whole[key])


def test_a_finished_model_learns_nothing_more(counting: Callable[..., Any]) -> None:
    model = make_model(get_algorithm("A2C"), counting(4), {"n_steps": 5}, seed=0)
    steps: list[int] = []
    learn_in_sections(model, steps=40, every=20, seed=0, on_section=lambda: None, on_step=steps.append)
    assert steps == list(range(4, 41, 4))
    before = [value.numpy().copy() for value in model.policy.state_dict().values()]
    told = []
    learn_in_sections(model, steps=40, every=20, seed=0, on_section=lambda: told.append(model.num_timesteps))
    assert told == [40]
    for old, new in zip(before, model.policy.state_dict().values(), strict=True):
        np.testing.assert_array_equal(old, new.numpy())
