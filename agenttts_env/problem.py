"""The problem that a searcher is given: a task, a cost, a budget, and the sample levels on offer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import pairwise
from operator import add

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.cost import Cost, fits, get_cost, most_samples, with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.task import Task

MAX_SAMPLES = 100


def default_budget(task: Task, cost: Cost) -> float:
    """The task's own default, else the paper's rule: one sample of the largest model at every stage."""
    if cost.name in task.budgets:
        return task.budgets[cost.name]
    return math.fsum(cost.stage_cost(stage, stage.models[-1], 1) for stage in task.stages)


@dataclass(frozen=True)
class Problem:
    """Everything that a searcher may know before its first trial.

    Attributes:
        task: stages, models, metrics.
        cost: what an allocation costs per example.
        budget: the most that an allocation may cost, in the unit of ``cost``.
        levels: the sample counts on offer, ascending; every integer from 1 to 100 by default.

    Raises:
        InvalidInputError: the levels are not ascending integers >= 1, or not even the cheapest allocation fits.
    """

    task: Task
    cost: Cost
    budget: float
    levels: tuple[int, ...] = tuple(range(1, MAX_SAMPLES + 1))
    _tables: tuple[npt.NDArray[np.float64], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        levels = tuple(int(level) for level in self.levels)
        if not levels or levels[0] < 1 or any(b <= a for a, b in pairwise(levels)):
            raise InvalidInputError(f"`levels` must be ascending integers >= 1, but got {self.levels}")
        object.__setattr__(self, "levels", levels)
        if not math.isfinite(self.budget):
            raise InvalidInputError(f"`budget` must be finite, but got {self.budget}")
        tables = tuple(
            np.array([[self.cost.stage_cost(stage, model, level) for level in levels] for model in stage.models])
            for stage in self.task.stages
        )
        object.__setattr__(self, "_tables", tables)
        if not fits(self.cheapest_cost, self.budget):
            raise InvalidInputError(
                f"`budget` must pay at least the cheapest allocation of task {self.task.name!r}, which costs "
                f"{self.cheapest_cost:.6g} {self.cost.unit}, but got {self.budget:.6g}"
            )

    @classmethod
    def of(
        cls, task: Task, *, cost: str = "paper", budget: float | None = None, levels: Sequence[int] | None = None
    ) -> Problem:
        """The problem of a task, with a cost by name and its default budget.

        Raises:
            InvalidInputError: see the class; or the default budget leaves nothing to decide.
        """
        named = get_cost(cost)
        offered = tuple(range(1, MAX_SAMPLES + 1)) if levels is None else tuple(levels)
        if budget is not None:
            return cls(task, named, budget, offered)
        problem = cls(task, named, default_budget(task, named), offered)
        if problem.count() == 1:
            raise InvalidInputError(
                f"`budget` must be given: the default pays one sample of the largest model at every stage, and of task "
                f"{task.name!r} with these models that is the cheapest allocation ({problem.cheapest_cost:.4g} "
                f"{named.unit}); the dearest costs {problem.dearest_cost:.4g}"
            )
        return problem

    @property
    def cost_tables(self) -> tuple[npt.NDArray[np.float64], ...]:
        """For each stage the cost of (model, level): shape (models, levels)."""
        return self._tables

    @cached_property
    def cheapest_cost(self) -> float:
        """Cost of the cheapest allocation."""
        return math.fsum(float(table.min()) for table in self._tables)

    @cached_property
    def dearest_cost(self) -> float:
        """Cost of the dearest allocation, whether or not it is feasible."""
        return math.fsum(float(table.max()) for table in self._tables)

    def validate(self, allocation: Allocation) -> None:
        """Check that the task offers this allocation; its cost is another matter.

        Raises:
            InvalidInputError: wrong number of stages, unknown model, or sample count not on offer.
        """
        stages = self.task.stages
        if len(allocation.stages) != len(stages):
            raise InvalidInputError(
                f"task {self.task.name!r} has {len(stages)} stages, but the allocation {allocation} has "
                f"{len(allocation.stages)}"
            )
        for stage, choice in zip(stages, allocation.stages, strict=True):
            stage.model(choice.model)
            if choice.samples not in self._level_index:
                raise InvalidInputError(
                    f"`samples` must be one of the levels {_span(self.levels)}, but stage {stage.name!r} got "
                    f"{choice.samples}"
                )

    def cost_of(self, allocation: Allocation) -> float:
        """Cost per example.

        Raises:
            InvalidInputError: see :meth:`validate`.
        """
        self.validate(allocation)
        costs = (
            self.cost.stage_cost(stage, stage.model(choice.model), choice.samples)
            for stage, choice in zip(self.task.stages, allocation.stages, strict=True)
        )
        return reduce(add, costs)  # in order, so that sums over arrays of costs come out the same

    def is_feasible(self, allocation: Allocation) -> bool:
        """Whether the budget pays it."""
        return fits(self.cost_of(allocation), self.budget)

    def spent_share(self, cost: float) -> float:
        """Cost as a share of what there is to decide: 0 is the cheapest allocation, 1 the budget."""
        room = self.budget - self.cheapest_cost
        return (cost - self.cheapest_cost) / room if room > 0 else 1.0

    def most_samples(self, stage: int, model: str, others: float) -> int:
        """The highest level of a model at a stage that fits when the other stages cost ``others``; 0 if none does."""
        spec = self.task.stages[stage]
        most = most_samples(self.cost, spec, spec.model(model), self.budget - others, limit=self.levels[-1])
        return max((level for level in self.levels if level <= most), default=0)

    def encode(self, allocation: Allocation) -> npt.NDArray[np.int64]:
        """The MultiDiscrete action: (model, level) indices, stage by stage; shape (2 * stages,)."""
        self.validate(allocation)
        indices: list[int] = []
        for stage, choice in zip(self.task.stages, allocation.stages, strict=True):
            indices += [stage.models.index(stage.model(choice.model)), self._level_index[choice.samples]]
        return np.array(indices, dtype=np.int64)

    def decode(self, action: npt.ArrayLike) -> Allocation:
        """The inverse of :meth:`encode`.

        Raises:
            InvalidInputError: wrong shape, not integers, or an index out of range.
        """
        array = np.asarray(action)
        nvec = self.nvec
        if array.shape != nvec.shape or not np.issubdtype(array.dtype, np.integer):
            raise InvalidInputError(
                f"an action must be {nvec.size} integers below {nvec.tolist()}, but got {array.dtype} {array.tolist()}"
            )
        if (array < 0).any() or (array >= nvec).any():
            raise InvalidInputError(f"an action must lie in [0, {nvec.tolist()}), but got {array.tolist()}")
        return Allocation(
            tuple(
                StageAllocation(stage.models[int(model)].name, self.levels[int(level)])
                for stage, (model, level) in zip(self.task.stages, array.reshape(-1, 2), strict=True)
            )
        )

    @property
    def nvec(self) -> npt.NDArray[np.int64]:
        """Number of choices of each entry of an action."""
        return np.array([n for stage in self.task.stages for n in (len(stage.models), len(self.levels))])

    def project(self, allocation: Allocation) -> Allocation:
        """The allocation made feasible, by a fixed rule: unchanged if it is.

        First all sample counts shrink by a common factor, as little as is needed and to no less than the first level;
        where that is not enough, the stage that costs most takes its next smaller model, as often as is needed.
        """
        if self.is_feasible(allocation):
            return allocation
        smallest = allocation
        while not self.is_feasible(smallest := self._shrink(smallest, 0.0)):
            smallest = self._step_down(smallest)
        models = tuple(choice.model for choice in smallest.stages)
        start = Allocation(tuple(StageAllocation(m, c.samples) for m, c in zip(models, allocation.stages, strict=True)))
        factors = sorted({level / c.samples for c in start.stages for level in self.levels if level <= c.samples})
        low, high = -1, len(factors)  # factors[:low + 1] fit; the first levels alone fit (low = -1)
        while high - low > 1:
            middle = (low + high) // 2
            fitting = self.is_feasible(self._shrink(start, factors[middle]))
            low, high = (middle, high) if fitting else (low, middle)
        return self._shrink(start, factors[low] if low >= 0 else 0.0)

    def _shrink(self, allocation: Allocation, factor: float) -> Allocation:
        def level(samples: int) -> int:
            return max((lv for lv in self.levels if lv <= samples * factor * (1 + 1e-12)), default=self.levels[0])

        return Allocation(tuple(StageAllocation(c.model, level(c.samples)) for c in allocation.stages))

    def _step_down(self, allocation: Allocation) -> Allocation:
        """The next smaller model at the dearest stage that has one."""
        costs = {}
        for index, (stage, choice) in enumerate(zip(self.task.stages, allocation.stages, strict=True)):
            model = stage.model(choice.model)
            if stage.models.index(model) > 0:
                costs[index] = self.cost.stage_cost(stage, model, choice.samples)
        dearest = max(costs, key=lambda index: costs[index])
        stage, choice = self.task.stages[dearest], allocation.stages[dearest]
        smaller = stage.models[stage.models.index(stage.model(choice.model)) - 1]
        stages = list(allocation.stages)
        stages[dearest] = StageAllocation(smaller.name, choice.samples)
        return Allocation(tuple(stages))

    def count(self) -> int:
        """Number of feasible allocations."""
        return int(self._completions[-1])

    def sample(self, rng: np.random.Generator) -> Allocation:
        """A uniformly random feasible allocation; takes the same time however few there are."""
        rank = int(rng.integers(self._completions[-1]))
        head = int(np.searchsorted(self._completions, rank, side="right"))
        before = int(self._completions[head - 1]) if head else 0
        last = int(np.argsort(self._tables[-1], axis=None, kind="stable")[rank - before])
        choices = [last]
        for table in self._tables[-2::-1]:  # `head` counts in C order: the last of the other stages varies fastest
            head, choice = divmod(head, table.size)
            choices.insert(0, choice)
        action = [index for choice in choices for index in divmod(choice, len(self.levels))]
        return self.decode(np.array(action))

    @cached_property
    def _completions(self) -> npt.NDArray[np.int64]:
        return np.cumsum(completions([table.ravel() for table in self._tables], self.budget))

    @cached_property
    def _level_index(self) -> dict[int, int]:
        return {level: index for index, level in enumerate(self.levels)}


def completions(costs: Sequence[npt.NDArray[np.float64]], budget: float) -> npt.NDArray[np.int64]:
    """For every way to take one entry of all arrays but the last: how many entries of the last fit beside it.

    Flat, in C order of the ways.
    """
    sums = np.zeros(1)
    for array in costs[:-1]:
        sums = np.add.outer(sums, array).ravel()
    return np.searchsorted(np.sort(costs[-1]), with_slack(budget) - sums, side="right")


def _span(levels: tuple[int, ...]) -> str:
    if levels == tuple(range(levels[0], levels[-1] + 1)):
        return f"{levels[0]} to {levels[-1]}"
    return ", ".join(map(str, levels))
