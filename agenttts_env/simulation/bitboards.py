"""Several simulated data sets as bit masks, for many evaluations at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.simulation.bitboard import Words, words
from agenttts_env.simulation.dataset import Dataset, check_samples
from agenttts_env.simulation.draws import Array
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SCATTERED, SHARED

Indices = npt.NDArray[np.int64]


class Bitboards:
    """Evaluates arrays of allocations, to the same last bit as :class:`~agenttts_env.simulation.bitboard.Bitboard`.

    A data set of 50 examples takes 5 kB for every model of a stage.

    Args:
        datasets: of the same landscape and as many examples.
        models: for each stage the indices of the models on offer, in the landscape.
        levels: the sample counts on offer, ascending.

    Raises:
        InvalidInputError: they go beyond what is simulated.
    """

    def __init__(self, datasets: Sequence[Dataset], models: Sequence[Sequence[int]], levels: Sequence[int]) -> None:
        check_samples(levels[-1])
        first = datasets[0]
        self._examples = first.examples
        self._words = -(-first.examples // 64)
        self._sizes = np.array([[len(offered) * len(levels)] for offered in models])
        taken = np.array(levels) - 1
        self._tables = []
        for stage, offered in enumerate(models):
            outcomes = len(OUTCOMES) if stage else 1
            table = np.empty((len(datasets), len(offered) * len(levels), outcomes * 2 * self._words), dtype=np.uint64)
            for number, dataset in enumerate(datasets):
                masks = words(dataset, stage, offered)[:, taken]
                if not stage:  # which starts from right inputs
                    masks = masks[:, :, SCATTERED] ^ masks[:, :, RIGHT]
                table[number] = masks.reshape(table.shape[1:])
            self._tables.append(table.reshape(-1, table.shape[-1]))
        # A metric's sum over examples is linear in the numbers of right and of shared outputs. Values are multiples of
        # 1/256, so it is exact, in whatever order it is added up.
        landscape = first.landscape
        names = [stage.name for stage in landscape.stages]
        metrics = landscape.metrics.values()
        self._measured = sorted({names.index(metric.stage) for metric in metrics})
        self._base = np.array([[metric.values[SCATTERED] * first.examples] for metric in metrics])
        gain = np.zeros((len(metrics), len(self._measured), 2, self._words))
        for row, metric in zip(gain, metrics, strict=True):
            for kind, outcome in enumerate((RIGHT, SHARED)):
                gained = metric.values[outcome] - metric.values[SCATTERED]
                row[self._measured.index(names.index(metric.stage)), kind] = gained
        self._gain = gain.reshape(len(metrics), -1)

    def offsets(self, datasets: Indices) -> Indices:
        """Where the rows of data sets begin, by stage.

        Args:
            datasets: indices of data sets; shape (n,).

        Returns:
            Shape (stages, n).
        """
        offsets: Indices = datasets * self._sizes
        return offsets

    def means(self, rows: Indices) -> Array:
        """The mean of every metric over examples.

        Args:
            rows: for each stage the data set's offset, plus the index of the model times the number of levels, plus
                the index of the level; shape (stages, n).

        Returns:
            Shape (metrics, n).
        """
        numbers = np.empty((len(self._measured), 2, self._words, rows.shape[1]), dtype=np.uint8)
        reached = self._found(0, rows[0])[0]
        for stage in range(len(rows)):
            if stage:
                found = self._found(stage, rows[stage])
                reached = found[SCATTERED] ^ found[RIGHT] & reached[0] ^ found[SHARED] & reached[1]
            if stage in self._measured:
                np.bitwise_count(reached, out=numbers[self._measured.index(stage)])
        sums: Array = self._gain @ numbers.reshape(self._gain.shape[1], rows.shape[1]).astype(np.float64)
        sums += self._base
        sums /= self._examples
        return sums

    def _found(self, stage: int, rows: Indices) -> Words:
        """What stands in these rows of a stage's table: shape (outcomes before, 2, words, n)."""
        found = self._tables[stage].take(rows, axis=0).T.copy()  # allocations side by side, for fast loops
        return found.reshape(len(found) // (2 * self._words), 2, self._words, rows.size)
