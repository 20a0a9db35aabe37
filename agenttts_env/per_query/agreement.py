"""What samples have in common: all that a policy may know about them, as nobody knows which are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

AGREEMENT = (
    "largest group", "second group", "distinct answers", "entropy", "no answer", "length", "leader",
)  # fmt: skip
"""Of the first S samples of a pool. *Groups* are samples with equal answers.

The largest and the second largest group, the number of distinct answers, and the samples without an answer, each as a
share of S; the entropy of the answers that there are, as a share of log S; the mean length, relative to the nominal one
and cut at :data:`LENGTH_LIMIT`; and which answer leads (its number, not a share; of equal groups the first to get so
large; -1 is none), which says nothing by itself: it is compared with another pool's.
"""

LEADER = AGREEMENT.index("leader")

LENGTH_LIMIT = 4.0


def agreement(
    answers: npt.NDArray[np.integer], levels: Sequence[int], lengths: npt.NDArray[np.floating] | None = None
) -> npt.NDArray[np.float32]:
    """What the first samples of pools have in common.

    Args:
        answers: equal numbers within a pool are equal answers, below 2**24; -1 is none; shape (pools, samples).
        levels: the numbers of first samples, ascending, none above the number of samples.
        lengths: of the samples, shape of ``answers``; None where nobody knows.

    Returns:
        Shape (pools, levels, :data:`AGREEMENT`).
    """
    said = np.ascontiguousarray(answers.T)  # pools side by side, for fast loops
    most, pools = said.shape
    column = {level: index for index, level in enumerate(levels)}
    terms = np.arange(most + 1) * np.log(np.maximum(np.arange(most + 1), 1))
    found = np.zeros((pools, len(levels), len(AGREEMENT)), dtype=np.float32)
    leader = np.full(pools, -1, dtype=said.dtype)
    largest, second, distinct, missing = (np.zeros(pools, dtype=np.int32) for _ in range(4))
    spread, total = np.zeros(pools), np.zeros(pools)
    for number in range(levels[-1]):
        answer = said[number]
        stated = answer >= 0
        size = np.count_nonzero(said[: number + 1] == answer, axis=0) * stated  # its group's, this sample included
        again, ahead = answer == leader, size > largest
        second = np.where(stated & ~again, np.where(ahead, largest, np.maximum(second, size)), second)
        leader = np.where(ahead, answer, leader)
        largest = np.maximum(largest, size)
        distinct += size == 1
        missing += ~stated
        spread += terms[size] - terms[np.maximum(size - 1, 0)]
        if lengths is not None:
            total += lengths[:, number]
        samples = number + 1
        if samples in column:
            row = found[:, column[samples]]
            for place, count in enumerate((largest, second, distinct)):
                row[:, place] = count / samples
            if samples > 1:
                known = np.maximum(samples - missing, 1)
                row[:, 3] = np.maximum(np.log(known) - spread / known, 0) / np.log(samples)
            row[:, 4] = missing / samples
            row[:, 5] = np.minimum(total / samples, LENGTH_LIMIT)
            row[:, LEADER] = leader
    return found
