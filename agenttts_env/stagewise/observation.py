"""What a policy sees of a stagewise allocation."""

from __future__ import annotations

from collections.abc import Sequence

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from agenttts_env.observation import Observation
from agenttts_env.stagewise.budgets import smallest_step
from agenttts_env.stagewise.rules import Floats, Indices, Mask, StagewiseRules


class StagewiseView:
    """Writes observations; see :class:`~agenttts_env.stagewise.env.StagewiseEnv` for what is in them.

    Amounts of cost are shown as ``log(1 + amount / step) / log(1 + span / step)``: ``step`` is the smallest difference
    that a choice makes, ``span`` that of the dearest allocation to the cheapest. Neither depends on the range that
    budgets are drawn from, so a policy reads other ranges too.

    Args:
        rules: of the problem.
        measured: for each stage whether its own score is known once it is decided.
    """

    def __init__(self, rules: StagewiseRules, measured: Sequence[bool]) -> None:
        self._rules = rules
        self._measured = tuple(measured)
        problem = rules.problem
        self._step = smallest_step(problem) or 1.0
        self._span = np.log1p((problem.dearest_cost - problem.cheapest_cost) / self._step) or 1.0
        levels = np.log1p(np.array(problem.levels)) / np.log1p(problem.levels[-1])
        self._within = np.append(0.0, levels)  # by how many of a model's levels are allowed: always the first ones
        self._level = np.tile(levels, rules.models)  # by action
        self._model = []  # by stage: by action
        self._extra = []  # by stage: for each model what one step of it costs beyond the cheapest choice
        for stage, cheapest in zip(problem.cost_tables, rules.cheapest, strict=True):
            self._model.append(np.repeat(np.arange(rules.models) / max(len(stage) - 1, 1), rules.levels))
            self._extra.append(self._scale(stage[:, 0] - cheapest))

        stages = [stage.name for stage in problem.task.stages]
        slots = [f"model {slot} {what}" for slot in range(rules.models) for what in ("available", "cost", "samples")]
        upstream = [f"{stage} {what}" for stage in stages[:-1] for what in ("model", "level", "score", "measured")]
        decided = ("budget", "room", "room share", "completion share")
        self.names = (*(f"at {stage}" for stage in stages), *decided, *slots, *upstream)
        self._first_slot = len(stages) + len(decided)
        self._first_upstream = self._first_slot + len(slots)

    @property
    def space(self) -> gym.Space[Observation]:
        """Shares in [0, 1], but for the relative costs of models, which are in [-1, 1]."""
        high = np.ones(len(self.names), dtype=np.float32)
        low = np.zeros_like(high)
        low[self._first_slot + 1 : self._first_upstream : 3] = -1.0
        return gym.spaces.Box(low, high, dtype=np.float32)

    def write(
        self, stage: int, budgets: Floats, spent: Floats, allowed: Mask, actions: Indices, scores: Floats
    ) -> npt.NDArray[np.float32]:
        """The observations of episodes that are at the same stage.

        Args:
            stage: index of the stage to be decided; the number of stages at the end.
            budgets: shape (n,).
            spent: what the stages before cost, shape (n,).
            allowed: which actions are, shape (actions, n).
            actions: of the stages before, shape (stages, n).
            scores: of the stages before, where they are measured, shape (stages, n).

        Returns:
            Shape (names, n): long rows make fast loops.
        """
        rules = self._rules
        rows = np.zeros((len(self.names), len(budgets)), dtype=np.float32)
        least = rules.least(stage, spent)
        room, whole = np.maximum(budgets - least, 0.0), budgets - rules.problem.cheapest_cost
        room_scale = self._scale(room)
        first = rules.stages
        rows[first] = self._scale(np.maximum(whole, 0.0))
        rows[first + 1] = room_scale
        rows[first + 2] = _share(room, whole, 0.0)
        if stage < rules.stages:
            rows[stage] = 1.0
            rows[first + 3] = _share(least - spent, budgets - spent, 1.0)
            counts = allowed.reshape(rules.models, rules.levels, -1).sum(axis=1, dtype=np.uint16)
            slots = rows[self._first_slot : self._first_upstream]
            slots[::3] = counts > 0
            slots[2::3] = self._within.take(counts)
            np.subtract.outer(self._extra[stage], room_scale, out=slots[1 : 3 * len(self._extra[stage]) : 3])
        for before in range(min(stage, rules.stages - 1)):
            row = self._first_upstream + 4 * before
            rows[row] = self._model[before].take(actions[before])
            rows[row + 1] = self._level.take(actions[before])
            if self._measured[before]:
                rows[row + 2], rows[row + 3] = scores[before], 1.0
        return rows

    def _scale(self, amounts: Floats) -> Floats:
        scaled: Floats = np.minimum(np.log1p(amounts / self._step) / self._span, 1.0)
        return scaled


def _share(part: Floats, whole: Floats, nothing: float) -> Floats:
    """The part's share, in [0, 1]; where the whole is nothing, ``nothing``."""
    shares = np.full_like(whole, nothing)
    np.divide(part, whole, out=shares, where=whole > 0)
    clipped: Floats = np.clip(shares, 0.0, 1.0, out=shares)
    return clipped
