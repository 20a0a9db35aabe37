"""The formulas of the simulation: how likely a sample is right, and how likely fused samples are.

A sample is *right*, wrong in the way that its example invites (*shared*), or wrong in a way of its own (*scattered*).
Fusing picks the plurality of the candidates' answers, any of the largest groups with equal chance, or, where the
fusing model has lost its way among too many candidates, any candidate with equal chance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agenttts_env.simulation.landscape import REFERENCE_TEMPERATURE, RIGHT, SCATTERED, SHARED, StageLandscape

Array = npt.NDArray[np.float64]


def right_chance(
    stage: StageLandscape, model: int, upstream: int, difficulty: Array, temperature: float = REFERENCE_TEMPERATURE
) -> Array:
    """Chance that a sample is right.

    Args:
        stage: the parameters.
        model: index of the model.
        upstream: outcome of the stage before; RIGHT for the first stage.
        difficulty: of examples, in standard deviations; any shape.
        temperature: sampling temperature. Log-odds are proportional to its inverse, as a softmax's are; at 0 whatever
            is more likely than not is certain.
    """
    loss = {RIGHT: 0.0, SHARED: stage.half_loss, SCATTERED: 1.0}[upstream] * stage.reliance[model]
    odds = stage.skills[model] - loss - stage.spread * difficulty
    if temperature == 0:
        certain: Array = (odds > 0).astype(np.float64)
        return certain
    chance: Array = 0.5 * (1 + np.tanh(0.5 * odds * (REFERENCE_TEMPERATURE / temperature)))  # the logistic function
    return chance


def fidelity(stage: StageLandscape, model: int, samples: npt.ArrayLike, *, fused_by_model: bool = True) -> Array:
    """Chance that fusing picks the plurality; 1 for one sample, and for a vote that no model takes."""
    beyond = np.asarray(samples, dtype=np.float64) - 1
    return 1 / (1 + (beyond / stage.capacity[model]) ** stage.decline) if fused_by_model else np.ones_like(beyond)


def plurality(right: Array, shared: Array, most: int) -> Array:
    """Chances of a plurality's outcome, for every number of candidates up to ``most``.

    Args:
        right: chance that a sample is right, shape (k,).
        shared: chance that it gives the shared wrong answer, shape (k,).
        most: largest number of candidates.

    Returns:
        Chances that the picked candidate is (scattered, shared, right), shape (most, k, 3).
    """
    scattered = 1 - right - shared
    counts = np.arange(1, most + 1)[:, None]
    # At most one right and one shared answer: no group is larger than 1, and any candidate may be picked.
    none = scattered**counts
    one_right = counts * right * scattered ** (counts - 1)
    one_shared = counts * shared * scattered ** (counts - 1)
    one_each = counts * (counts - 1) * right * shared * scattered ** np.maximum(counts - 2, 0)
    ahead, level = _lead(right, shared, most) if shared.any() else (1 - none, none)
    behind = 1 - ahead - level
    tied = 0.5 * (level - none - one_each)
    won = np.maximum(ahead - one_right, 0) + tied + (one_right + one_each) / counts
    lost = np.maximum(behind - one_shared, 0) + tied + (one_shared + one_each) / counts
    return np.stack([1 - won - lost, lost, won], axis=-1)


def _lead(right: Array, shared: Array, most: int) -> tuple[Array, Array]:
    """Chances that more samples are right than shared, and that as many are; each of shape (most, k)."""
    scattered = 1 - right - shared
    lead = np.zeros((2 * most + 1, len(right)))  # a random walk; row `most` is a lead of 0
    lead[most] = 1
    ahead, level = np.empty((most, len(right))), np.empty((most, len(right)))
    for count in range(1, most + 1):
        low, high = most - count, most + count  # how far the walk can have come
        step = scattered * lead[low : high + 1]
        step[1:] += right * lead[low:high]
        step[:-1] += shared * lead[low + 1 : high + 1]
        lead[low : high + 1] = step
        ahead[count - 1] = lead[most + 1 : high + 1].sum(axis=0)
        level[count - 1] = lead[most]
    return ahead, level


def fused_chances(right: Array, shared: Array, fidelities: Array) -> Array:
    """Chances of the fused outcome of S candidates, for S from 1.

    Args:
        right: as in :func:`plurality`.
        shared: likewise.
        fidelities: for each S, shape (most,).

    Returns:
        Shape (most, k, 3), as in :func:`plurality`.
    """
    single = np.stack([1 - right - shared, shared, right], axis=-1)
    weight = fidelities[:, None, None]
    return weight * plurality(right, shared, len(fidelities)) + (1 - weight) * single
