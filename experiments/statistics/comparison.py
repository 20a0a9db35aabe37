"""All runs of a comparison, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.experiments.statistics.arrays import Array, kept_array, position
from agenttts_env.experiments.statistics.cell import Cell

NOTHING = 0.0
"""The score of a run that has no completed trial yet: it can name no allocation, and failures count as zero."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A full factorial of tasks, searchers and seeds, N trials each.

    Arrays have the shape (tasks, searchers, seeds, N), and cannot be written to.

    Attributes:
        tasks: names; see :class:`~agenttts_env.experiments.statistics.cell.Cell` for them and for the arrays.
        searchers: names.
        seeds: of the runs. A seed means the same to all searchers (common random numbers), which is what pairs them.
        search_scores: of the trials; NaN where one was not completed.
        test_scores: of the incumbents; NaN before the first completed trial.
        spending: by axis, of each trial.

    Raises:
        InvalidInputError: a name is there twice, a shape does not fit, a number is not finite or is negative, or the
            incumbents do not begin with the first completed trial.
    """

    tasks: tuple[str, ...]
    searchers: tuple[str, ...]
    seeds: tuple[int, ...]
    search_scores: Array
    test_scores: Array
    spending: Mapping[str, Array]

    def __post_init__(self) -> None:
        names: dict[str, Sequence[object]] = {"task": self.tasks, "searcher": self.searchers, "seed": self.seeds}
        for name, values in names.items():
            if not values or len(set(values)) != len(values):
                raise InvalidInputError(f"a comparison needs {name}s that differ, at least one, but got {values}")
        shape = (*map(len, names.values()), *np.shape(self.search_scores)[-1:])
        if len(shape) != 4 or not shape[-1]:
            raise InvalidInputError(
                f"a comparison needs trials, but `search_scores` has {np.shape(self.search_scores)}"
            )
        for name in ("search_scores", "test_scores"):
            object.__setattr__(self, name, kept_array(name, getattr(self, name), shape))
        spending = {axis: kept_array(f"spending[{axis}]", values, shape) for axis, values in self.spending.items()}
        object.__setattr__(self, "spending", spending)
        self._check()

    def _check(self) -> None:
        if np.isinf(self.search_scores).any() or np.isinf(self.test_scores).any():
            raise InvalidInputError("scores must be finite, or NaN where there is none, but some are infinite")
        begun = np.logical_or.accumulate(~np.isnan(self.search_scores), axis=-1)
        wrong = np.argwhere(np.isnan(self.test_scores) == begun)
        if len(wrong):
            task, searcher, seed, trial = wrong[0]
            raise InvalidInputError(
                "`test_scores` must be NaN before the first completed trial and only there, but is "
                f"{self.test_scores[task, searcher, seed, trial]} in task {self.tasks[task]!r}, searcher "
                f"{self.searchers[searcher]!r}, seed {self.seeds[seed]}, trial {trial}"
            )
        for axis, values in self.spending.items():
            if axis == "trials" or not (np.isfinite(values) & (values >= 0)).all():
                raise InvalidInputError(f"spending must be finite, >= 0 and not of 'trials', but {axis!r} is not so")

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Comparison:
        """From the cells in any order: tasks and searchers as they first appear, seeds sorted.

        Raises:
            InvalidInputError: a cell is missing, is there twice, or has other trials or axes than the first.
        """
        known: dict[tuple[str, str, int], Cell] = {}
        for cell in cells:
            key = (cell.task, cell.searcher, cell.seed)
            if known.setdefault(key, cell) is not cell:
                raise InvalidInputError(f"a cell (task, searcher, seed) must be there once, but {key} is there twice")
        if not known:
            raise InvalidInputError("a comparison needs cells, but got none")
        tasks, searchers, seeds = (tuple(dict.fromkeys(names)) for names in zip(*known, strict=True))
        keys = list(product(tasks, searchers, sorted(seeds)))
        missing = [key for key in keys if key not in known]
        if missing:
            raise InvalidInputError(
                f"a comparison needs all cells (task, searcher, seed), but {len(missing)} of {len(keys)} are missing: "
                f"{', '.join(map(str, missing[:5]))}{', …' if len(missing) > 5 else ''}"
            )
        first = known[keys[0]]
        for key, cell in known.items():
            if len(cell.search_scores) != len(first.search_scores) or set(cell.spending) != set(first.spending):
                raise InvalidInputError(
                    f"all cells must have the trials and the axes of the first, {len(first.search_scores)} and "
                    f"{list(first.spending)}, but {key} has {len(cell.search_scores)} and {list(cell.spending)}"
                )
        shape = (len(tasks), len(searchers), len(seeds), -1)

        def table(rows: Iterable[Array]) -> Array:
            return np.stack(list(rows)).reshape(shape)

        return cls(
            tasks,
            searchers,
            tuple(sorted(seeds)),
            table(known[key].search_scores for key in keys),
            table(known[key].test_scores for key in keys),
            {axis: table(known[key].spending[axis] for key in keys) for axis in first.spending},
        )

    def only(
        self,
        *,
        tasks: Sequence[str] | None = None,
        searchers: Sequence[str] | None = None,
        seeds: Sequence[int] | None = None,
    ) -> Comparison:
        """A part of it, in the order asked for; None keeps all.

        Raises:
            InvalidInputError: something is asked for that is not there.
        """
        chosen = []
        for known, asked in ((self.tasks, tasks), (self.searchers, searchers), (self.seeds, seeds)):
            unknown = [] if asked is None else [name for name in asked if name not in known]
            if unknown:
                raise InvalidInputError(f"a part of a comparison must be of {known}, but got {unknown}")
            chosen.append(list(range(len(known))) if asked is None else [known.index(name) for name in asked])
        grid = np.ix_(*chosen)
        return Comparison(
            tuple(self.tasks[i] for i in chosen[0]),
            tuple(self.searchers[i] for i in chosen[1]),
            tuple(self.seeds[i] for i in chosen[2]),
            self.search_scores[grid],
            self.test_scores[grid],
            {axis: values[grid] for axis, values in self.spending.items()},
        )

    @property
    def trials(self) -> int:
        """N."""
        return int(self.search_scores.shape[-1])

    @property
    def axes(self) -> tuple[str, ...]:
        """What can be counted along a run."""
        return ("trials", *self.spending)

    def spent(self, axis: str) -> Array:
        """What was spent up to and with each trial. Along ``trials`` that is 1, 2, ..., N.

        Raises:
            InvalidInputError: the axis is unknown.
        """
        if axis not in self.axes:
            raise InvalidInputError(f"an axis must be one of {', '.join(self.axes)}, but got {axis!r}")
        each = np.ones_like(self.search_scores) if axis == "trials" else self.spending[axis]
        return np.cumsum(each, axis=-1)

    @property
    def achieved(self) -> Array:
        """True score of what a run could name after each trial; :data:`NOTHING` while that is nothing."""
        return np.where(np.isnan(self.test_scores), NOTHING, self.test_scores)

    @property
    def incumbent_scores(self) -> Array:
        """Search score of the incumbent after each trial: the highest so far. NaN before the first completed trial."""
        return np.fmax.accumulate(self.search_scores, axis=-1)

    def position(self, searcher: str) -> int:
        """Where a searcher stands in the arrays.

        Raises:
            InvalidInputError: nowhere.
        """
        return position(self.searchers, searcher)
