"""Training in sections, each of which begins anew from the run's seed: so a killed training can go on exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from agenttts_env.baselines.rl.global_random import global_random_numbers_kept


def learn_in_sections(
    model: Any,
    *,
    steps: int,
    every: int,
    seed: int,
    on_section: Callable[[], None],
    on_step: Callable[[int], None] = lambda steps: None,
) -> None:
    """Train a model until it has taken ``steps`` steps, or the few more of a whole update.

    A section begins at the first update after every ``every`` steps. It begins with new episodes and with random
    numbers that follow from the seed and the section's number; all else is in the model. So training that goes on from
    a model that was saved at the beginning of a section does what it would have done, to the last bit. A model that has
    taken steps already is taken for such a one.

    Random numbers of the process are left as they were: Stable-Baselines3 draws from the global ones.

    Args:
        model: an algorithm of Stable-Baselines3, over a :class:`~agenttts_env.baselines.rl.vec_env.SB3VecEnv`.
        steps: of all sub-environments together, those that it has taken already included.
        every: length of a section.
        seed: of the run.
        on_section: called at the beginning of every section that is new, and at the end. It may draw from global random
            numbers, but must change nothing else.
        on_step: called with the number of steps, after every step.
    """
    from stable_baselines3.common.callbacks import BaseCallback

    class Sections(BaseCallback):  # type: ignore[misc]
        """Tells of sections and steps."""

        section = model.num_timesteps // every if model.num_timesteps else -1

        def _on_rollout_start(self) -> None:
            section = model.num_timesteps // every
            if section > self.section:
                self.section = section
                on_section()
                _begin(model, seed, section)

        def _on_step(self) -> bool:
            on_step(self.num_timesteps)
            return True

    with global_random_numbers_kept():
        if model.num_timesteps < steps:
            _begin(model, seed, model.num_timesteps // every)
            model.learn(steps - model.num_timesteps, callback=Sections(), reset_num_timesteps=False)
        on_section()


def _begin(model: Any, seed: int, section: int) -> None:
    """Start new episodes, with the random numbers of a section."""
    model.set_random_seed(int(np.random.SeedSequence([seed, section]).generate_state(1)[0]))
    model._last_obs = model.env.reset()
    model._last_episode_starts = np.ones(model.env.num_envs, dtype=np.bool_)
