"""A simulated data set as bit masks over its examples, which makes an evaluation a handful of AND and OR."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.simulation.dataset import MOST_SAMPLES, Dataset
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SCATTERED, SHARED

Words = npt.NDArray[np.uint64]

_StageMasks = list[list[tuple[int, ...]]]


def words(dataset: Dataset, stage: int, models: Sequence[int]) -> Words:
    """Which examples a stage ends right, and which shared, as bits.

    Args:
        dataset: of n examples.
        stage: index of the stage.
        models: indices of the models in the landscape.

    Returns:
        Shape (models, 100, 3, 2, ceil(n / 64)): by model, S - 1, the outcome of the stage before, and (right, shared).
        After a shared or a right outcome, it is what changes against a scattered one: the exclusive or of both, which
        undoes itself. Bit b of word w is example 64 w + b; bits beyond n are 0.
    """
    count = -(-dataset.examples // 64)
    found = np.zeros((len(models), MOST_SAMPLES, len(OUTCOMES), 2, count), dtype=np.uint64)
    for row, model in enumerate(models):
        fused = dataset.fused(stage, model).transpose(2, 0, 1)
        for column, outcome in enumerate((RIGHT, SHARED)):
            packed = np.packbits(fused == outcome, axis=-1, bitorder="little")
            padded = np.zeros((*packed.shape[:-1], count * 8), dtype=np.uint8)
            padded[..., : packed.shape[-1]] = packed
            found[row, :, :, column] = padded.view("<u8")
    for outcome in (RIGHT, SHARED):
        found[:, :, outcome] ^= found[:, :, SCATTERED]
    return found


class Bitboard:
    """Evaluates single allocations on a data set in a microsecond or two.

    Args:
        dataset: the data.
        models: for each stage the indices of the models on offer, in the landscape.
    """

    def __init__(self, dataset: Dataset, models: Sequence[Sequence[int]]) -> None:
        self.dataset = dataset
        self.models = tuple(tuple(stage) for stage in models)
        self._all = (1 << dataset.examples) - 1
        self._stages = [self._integers(words(dataset, stage, offered)) for stage, offered in enumerate(self.models)]
        landscape = dataset.landscape
        names = [stage.name for stage in landscape.stages]
        self._metrics = [(names.index(metric.stage), *metric.values) for metric in landscape.metrics.values()]

    @staticmethod
    def _integers(table: Words) -> _StageMasks:
        """Python's integers, which hold any number of bits: for each outcome upstream, best first, right and shared."""
        order = (RIGHT, SHARED, SCATTERED)
        return [
            [
                tuple(int.from_bytes(row[upstream, kind].tobytes(), "little") for upstream in order for kind in (0, 1))
                for row in rows
            ]
            for rows in table.astype("<u8")
        ]

    def masks(self, choices: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """For each stage the examples that it ends (right, shared).

        Args:
            choices: for each stage the model's index among those on offer, and S.
        """
        right, shared = self._all, 0
        found = []
        for stage, (model, samples) in zip(self._stages, choices, strict=True):
            # `a_b` is outcome b after outcome a: for all examples after a scattered one, else what changes.
            r_r, r_s, s_r, s_s, x_r, x_s = stage[model][samples - 1]
            right, shared = x_r ^ right & r_r ^ shared & s_r, x_s ^ right & r_s ^ shared & s_s
            found.append((right, shared))
        return found

    def means(self, choices: Sequence[tuple[int, int]]) -> list[float]:
        """The mean of every metric over examples; arguments as in :meth:`masks`."""
        masks, examples = self.masks(choices), self.dataset.examples
        means = []
        for stage, if_scattered, if_shared, if_right in self._metrics:
            right, shared = masks[stage]
            rights, shareds = right.bit_count(), shared.bit_count()
            total = if_right * rights + if_shared * shareds + if_scattered * (examples - rights - shareds)
            means.append(total / examples)
        return means
