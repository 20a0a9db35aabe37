"""What scores and spending are measured against: the oracle and random search, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import Array, kept_array
from agenttts_env.experiments.statistics.comparison import Comparison


@dataclass(frozen=True, eq=False)
class Reference:
    """The two fixed points of every task.

    Attributes:
        tasks: names, as in the comparison.
        oracle: (tasks,), the highest true score within the budget.
        random: (tasks, N), expected true score of random search's incumbent after each of its trials.
        spending: by axis (tasks,), what random search spends on its N trials in the mean, ``trials`` included: the unit
            in which curves over different tasks share an axis.

    Raises:
        InvalidInputError: a shape does not fit, or an oracle is not above random search's last score.
    """

    tasks: tuple[str, ...]
    oracle: Array
    random: Array
    spending: Mapping[str, Array]

    def __post_init__(self) -> None:
        count = len(self.tasks)
        object.__setattr__(self, "oracle", kept_array("oracle", self.oracle, (count,)))
        object.__setattr__(self, "random", kept_array("random", self.random, (count, *np.shape(self.random)[1:2])))
        spending = {axis: kept_array(f"spending[{axis}]", total, (count,)) for axis, total in self.spending.items()}
        object.__setattr__(self, "spending", spending)
        for task, scale in zip(self.tasks, self.scale, strict=True):
            if not scale > 0:
                raise InvalidInputError(
                    f"an oracle must be above random search, but that of task {task!r} is so by {scale:.3g}"
                )

    @property
    def scale(self) -> Array:
        """(tasks,), random search's expected regret after all its trials: the unit of normalised regrets."""
        return self.oracle - self.random[:, -1]

    @classmethod
    def of(cls, comparison: Comparison, oracle: Mapping[str, float], *, searcher: str = "random") -> Reference:
        """From the cells of random search, be they of the comparison itself or of more seeds.

        The scale is a mean over those cells' seeds; its error is common to all searchers of a task and is part of no
        interval.

        Args:
            comparison: that holds them.
            oracle: by task.
            searcher: name of random search.

        Raises:
            InvalidInputError: there is no such searcher, a task has no oracle, or see above.
        """
        missing = [task for task in comparison.tasks if task not in oracle]
        if missing:
            raise InvalidInputError(f"every task needs an oracle, but {', '.join(missing)} has none")
        column = comparison.position(searcher)
        return cls(
            comparison.tasks,
            np.array([oracle[task] for task in comparison.tasks]),
            comparison.achieved[:, column].mean(axis=1),
            {axis: comparison.spent(axis)[:, column, :, -1].mean(axis=1) for axis in comparison.axes},
        )

    def check(self, comparison: Comparison) -> None:
        """Whether it is the reference of a comparison.

        Raises:
            InvalidInputError: the tasks or the number of trials differ, or a score is above the oracle's.
        """
        if comparison.tasks != self.tasks or comparison.trials != self.random.shape[1]:
            raise InvalidInputError(
                f"a reference must be of the comparison's {comparison.trials} trials on {comparison.tasks}, but is of "
                f"{self.random.shape[1]} on {self.tasks}"
            )
        above = (comparison.achieved - self.oracle[:, None, None, None]).max(axis=(1, 2, 3))
        worst = int(above.argmax())
        if above[worst] > 1e-6:
            raise InvalidInputError(
                f"no score may be above the oracle's, but one of task {self.tasks[worst]!r} is so by {above[worst]:.3g}"
            )
