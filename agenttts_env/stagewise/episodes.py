"""Stagewise episodes in arrays: one of them for a single environment, many for a vector of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.allowed_actions import Masked, check_masked
from agenttts_env.errors import InvalidInputError
from agenttts_env.philox import Words, uniform_pairs
from agenttts_env.problem import Problem
from agenttts_env.stagewise.budgets import BudgetRange
from agenttts_env.stagewise.observation import StagewiseView
from agenttts_env.stagewise.rules import Floats, Indices, Mask, StagewiseRules

KEYS = 2**64
"""A seed is taken modulo this."""


class Episodes:
    """The state of ``count`` sub-environments: everything but what an allocation scores.

    A sub-environment's budgets and data sets are a function of its key and of the number of the episode since it got
    that key. Before the first :meth:`begin` every episode is at its end.

    Args:
        problem: what is on offer.
        count: how many sub-environments.
        budgets: where budgets are drawn from.
        datasets: how many data sets an episode draws one of.
        measured: for each stage whether its own score is known once it is decided.
        masked: what an action that is not allowed does.

    Attributes:
        budgets: of the episodes; shape (count,).
        datasets: index of each episode's data set; shape (count,).
        stage: index of the next stage to be decided, the number of stages at the end; shape (count,).
        actions: taken so far, 0 for stages to come; shape (stages, count).
        spent: what the stages so far cost; shape (count,).
        scores: of each stage, where it is measured; the environment writes them; shape (stages, count).
        allowed: which actions are; all of them at the end, when none counts; shape (actions, count).
        replaced: whether the last action was not allowed, and another was taken in its place; shape (count,).

    Raises:
        InvalidInputError: ``masked`` is none of its values.
    """

    def __init__(
        self,
        problem: Problem,
        count: int,
        budgets: BudgetRange,
        datasets: int,
        measured: Sequence[bool],
        masked: Masked = "raise",
    ) -> None:
        check_masked(masked)
        self.rules = StagewiseRules(problem)
        self.view = StagewiseView(self.rules, measured)
        self.count = count
        self.masked = masked
        self._range = budgets
        self._choices = datasets
        self._keys: Words = np.zeros(count, dtype=np.uint64)
        self._numbers: Words = np.zeros(count, dtype=np.uint64)
        self._fixed: Floats = np.full(count, np.nan)  # where a budget is given, it is not drawn
        stages = self.rules.stages
        self.budgets: Floats = np.full(count, budgets.low)
        self.datasets: Indices = np.zeros(count, dtype=np.int64)
        self.stage: Indices = np.full(count, stages)
        self.actions: Indices = np.zeros((stages, count), dtype=np.int64)
        self.spent: Floats = np.zeros(count)
        self.scores: Floats = np.zeros((stages, count))
        self.allowed: Mask = np.ones((self.rules.actions, count), dtype=np.bool_)
        self.replaced: Mask = np.zeros(count, dtype=np.bool_)

    @property
    def done(self) -> Mask:
        """Which episodes are at their end."""
        done: Mask = self.stage == self.rules.stages
        return done

    def seed(self, which: Indices, keys: Sequence[int]) -> None:
        """Give sub-environments other keys; their next episodes are the first ones of these."""
        self._keys[which] = np.array([key % KEYS for key in keys], dtype=np.uint64)
        self._numbers[which] = 0

    def fix(self, which: Indices, budgets: Floats | None) -> None:
        """Give sub-environments these budgets from their next episode on, or None to draw them again."""
        self._fixed[which] = np.nan if budgets is None else budgets

    def begin(self, which: Indices) -> None:
        """Begin other episodes."""
        draws, pick = uniform_pairs(self._keys[which], self._numbers[which])
        self._numbers[which] += np.uint64(1)
        fixed = self._fixed[which]
        self.budgets[which] = np.where(np.isnan(fixed), self._range.draw(draws), fixed)
        self.datasets[which] = (pick * self._choices).astype(np.int64)
        self.stage[which] = 0
        self.actions[:, which] = 0
        self.spent[which] = 0.0
        self.replaced[which] = False

    def check(self, actions: npt.ArrayLike, which: Indices) -> Indices:
        """The actions as integers in [0, actions), of which those of ``which`` are allowed, or replaced by such.

        Raises:
            InvalidInputError: they are no integers in this range, or not allowed where that raises; names the first
                sub-environment whose action breaks a rule.
        """
        array, rules = np.asarray(actions), self.rules
        if array.shape != (self.count,) or array.dtype.kind not in "iu":
            raise InvalidInputError(
                f"actions must be {self.count} integers below {rules.actions}, but got {array.dtype} of shape "
                f"{array.shape}"
            )
        outside = (array < 0) | (array >= rules.actions)
        if outside.any():
            bad = int(outside.argmax())
            raise InvalidInputError(
                f"an action must lie in [0, {rules.actions}), but sub-environment {bad} got {array[bad]}"
            )
        checked = array.astype(np.int64)
        self.replaced[:] = False
        if not (fine := self.allowed[checked[which], which]).all():
            others = which[~fine]
            if self.masked == "raise":
                raise InvalidInputError(self._refusal(int(others[0]), checked))
            checked[others] = self.rules.nearest(self.stage[others], checked[others], self.allowed[:, others])
            self.replaced[others] = True
        return checked

    def _refusal(self, number: int, actions: Indices) -> str:
        rules, problem = self.rules, self.rules.problem
        stage, action = int(self.stage[number]), int(actions[number])
        spec, index = problem.task.stages[stage], action // rules.levels
        reason = (
            f"chooses {rules.decode(stage, action)}, which leaves no completion within the budget of "
            f"{self.budgets[number]:.6g} {problem.cost.unit}"
            if index < len(spec.models)
            else f"names model {index}, which the stage lacks"
        )
        return (
            f"an action must be one that action_masks() leaves, but at stage {spec.name!r} sub-environment {number} "
            f"got {action}, which {reason}"
        )

    def choose(self, actions: Indices, which: Indices) -> None:
        """Decide the next stage of these episodes, by actions (of all sub-environments) that were checked."""
        stage, chosen = self.stage[which], actions[which]
        self.actions[stage, which] = chosen
        self.spent[which] += self.rules.costs[stage, chosen]
        self.stage[which] += 1

    def observe(self) -> npt.NDArray[np.float32]:
        """Bring :attr:`allowed` up to date, and return the observations: shape (names, count)."""
        rules, found = self.rules, np.empty((len(self.view.names), self.count), dtype=np.float32)
        for stage in range(rules.stages + 1):
            here = np.flatnonzero(self.stage == stage)
            if not here.size:
                continue
            members: Indices | slice = here if here.size < self.count else slice(None)
            spent, budgets = self.spent[members], self.budgets[members]
            allowed = (
                rules.allowed(stage, spent, budgets)
                if stage < rules.stages
                else np.ones((rules.actions, here.size), dtype=np.bool_)
            )
            self.allowed[:, members] = allowed
            found[:, members] = self.view.write(
                stage, budgets, spent, allowed, self.actions[:, members], self.scores[:, members]
            )
        return found
