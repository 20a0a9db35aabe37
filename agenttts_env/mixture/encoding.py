"""A problem as policies of the mixture see it: for searches with a trained policy, on any backend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InfeasibleError, InvalidInputError
from agenttts_env.mixture.layout import LEVELS, STAGES, level_code, nvec
from agenttts_env.mixture.padding import Ints, PaddedTasks, on_grid
from agenttts_env.mixture.searches import Searches
from agenttts_env.observation import Observation
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial
from agenttts_env.vector_env import read_actions


class MixtureEncoding:
    """Observations, masks and actions of a problem, bit for bit those of the mixture's environments.

    The task may be any, of up to 3 stages with up to 3 models each, also one that the policy was not trained on.

    Args:
        problem: what is searched. Actions reach those of its sample levels that stand for ``levels``, see
            :func:`~agenttts_env.mixture.padding.on_grid`.
        trials: length of the search.
        levels: the sample counts that actions name, as in training.

    Raises:
        InvalidInputError: the problem has more stages, or a stage more models.

    Attributes:
        problem: with the levels that actions reach.
    """

    def __init__(self, problem: Problem, *, trials: int = 50, levels: Sequence[int] = LEVELS) -> None:
        if trials < 1:
            raise InvalidInputError(f"`trials` must be >= 1, but got {trials}")
        self.problem = on_grid(problem, levels)
        self._trials = trials
        self._tasks = PaddedTasks([self.problem], levels)
        self._nvec = nvec(len(levels))

    def observe(self, trials: Sequence[Trial] = ()) -> Observation:
        """What a policy sees after these trials; shape (entries,). A trial that was not completed has no score."""
        searches = self._searches()
        for trial in trials:
            allocation = trial.allocation or trial.requested
            models, samples = self._indices(allocation)
            complete = trial.score is not None
            searches.record(
                models,
                level_code(samples),
                np.array([self.problem.cheapest_cost if trial.cost is None else trial.cost]),
                np.array([trial.score or 0.0]),
                np.array([complete]),
                named=allocation is not None,
            )
        observation: Observation = searches.observations()[0]
        return observation

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Which entries of an action some feasible allocation has; shape (sum of sizes,). Trials change nothing."""
        masks: npt.NDArray[np.bool_] = self._searches().masks()[0]
        return masks

    def decode(self, action: npt.ArrayLike) -> Allocation:
        """The feasible allocation that an action stands for.

        Raises:
            InvalidInputError: it is not in the action space.
        """
        models, levels, _ = self._searches().read(read_actions(np.asarray(action)[None], 1, self._nvec))
        return Allocation.of(
            *(
                (stage.models[model].name, int(self._tasks.samples[0, 0, level]))
                for stage, model, level in zip(
                    self.problem.task.stages, models[:, 0].tolist(), levels[:, 0].tolist(), strict=False
                )
            )
        )

    def encode(self, allocation: Allocation) -> npt.NDArray[np.int64]:
        """An action that stands for a feasible allocation.

        Raises:
            InvalidInputError: the problem does not offer it, or no action names its sample counts.
            InfeasibleError: it is over budget.
        """
        if not self.problem.is_feasible(allocation):
            raise InfeasibleError(f"actions stand for allocations within {self.problem.budget:.6g}, not {allocation}")
        models, samples = self._indices(allocation)
        levels = np.searchsorted(self._tasks.samples[0, 0], samples[:, 0])
        return np.stack([models[:, 0], levels], axis=1).ravel()

    def _indices(self, allocation: Allocation | None) -> tuple[Ints, Ints]:
        """Models by index, and sample counts, of every stage; zeros at padded ones. Shape (stages, 1) both."""
        models, samples = np.zeros((2, STAGES, 1), dtype=np.int64)
        if allocation is not None:
            for index, (stage, choice) in enumerate(zip(self.problem.task.stages, allocation.stages, strict=True)):
                models[index], samples[index] = stage.models.index(stage.model(choice.model)), choice.samples
        return models, samples

    def _searches(self) -> Searches:
        searches = Searches(self._tasks, 1, trials=self._trials)
        searches.restart(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.array([self.problem.budget]))
        return searches
