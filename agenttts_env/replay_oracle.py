"""The best allocation of a recorded table, by its recorded score."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.outcomes import OutcomeTable
from agenttts_env.problem import Problem
from agenttts_env.surface import Array, Surface


class ReplayOracle(Surface):
    """Recorded scores of all allocations of a table; see :meth:`Surface.result` for the answer.

    The best of many recorded means is no unbiased estimate of what that allocation is worth: it is the best partly
    because its examples and samples were lucky. Compare it with its score on the other split.

    Args:
        problem: over the task of the table; of its levels it may offer some.
        table: what was recorded.
        split: ``search`` or ``test``.
        examples: how many of the split's examples, the first ones; all by default.

    Raises:
        InvalidInputError: the problem offers what was not recorded, or too many allocations; or the split has fewer
            examples, or none.
    """

    def __init__(
        self, problem: Problem, table: OutcomeTable, split: str = "search", *, examples: int | None = None
    ) -> None:
        super().__init__(problem)
        if (problem.task.stages, problem.task.metrics) != (table.task.stages, table.task.metrics):
            raise InvalidInputError(
                f"the stages and metrics must be those of the recorded task {table.task.name!r}, but task "
                f"{problem.task.name!r} has others"
            )
        if missing := [level for level in problem.levels if level not in table.levels]:
            raise InvalidInputError(
                f"the recorded numbers of samples are {', '.join(map(str, table.levels))}, but the levels have "
                f"{missing[0]}"
            )
        self._roots = table.roots(split, examples)
        if not len(self._roots):
            raise InvalidInputError(f"an oracle needs an example, but the {split} split has or is asked for none")
        self.backend = table.backend
        self.examples = len(self._roots)
        self.table = table
        self._split = split

    @cached_property
    def scores(self) -> Array:
        """Mean main metric of every allocation over the split, feasible or not."""
        levels = [self.table.levels.index(level) for level in self.problem.levels]
        main = self.table.scores[:, 0]
        total = np.zeros(self.problem.nvec)
        for root in self._roots:
            nodes = np.array([root])
            for stage in self.table.stages:  # flat, in C order of the choices so far
                nodes = stage.children[nodes][:, :, levels].ravel()
            total += main[nodes].reshape(total.shape)
        total /= len(self._roots)
        return total

    @property
    def error(self) -> float:
        """Nothing is approximated."""
        return 0.0

    def deviation(self, allocation: Allocation) -> float:
        """Standard deviation of the examples' scores, as estimated from them; 0 for a single one."""
        nodes = self._roots
        for stage, (model, level) in zip(self.table.stages, self.table.indices(allocation), strict=True):
            nodes = stage.children[nodes, model, level]
        return float(self.table.scores[nodes, 0].std(ddof=1)) if len(nodes) > 1 else 0.0

    def identity(self) -> dict[str, Any]:
        """The table, and the part of it."""
        return {"table": self.table.digest, "backend": self.backend, "split": self._split, "examples": self.examples}
