"""What the simulation expects over all examples there could be: exact up to numerical integration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np

from agenttts_env.simulation.chances import fidelity, fused_chances, right_chance
from agenttts_env.simulation.dataset import MOST_SAMPLES
from agenttts_env.simulation.draws import Array
from agenttts_env.simulation.landscape import OUTCOMES, REFERENCE_TEMPERATURE, RIGHT, Landscape, Metric, StageLandscape

WIDTH = 8.0
"""The standard normal distribution is integrated over [-WIDTH, WIDTH]; beyond lie 1.2e-15."""


class Population:
    """Expected outcomes, by the trapezoidal rule over difficulties.

    Given the factor that an example's stages share, its stages are independent but for the outcome that each hands to
    the next. So the expected score is a chain of 3 x 3 matrices, averaged over that factor.

    Args:
        landscape: the parameters.
        temperatures: as in :class:`~agenttts_env.simulation.dataset.Dataset`.
        fused_by_model: likewise.
        nodes: number of points for the common factor.
        inner_nodes: number of points for a stage's difficulty.
    """

    def __init__(
        self,
        landscape: Landscape,
        *,
        temperatures: Sequence[float] | None = None,
        fused_by_model: Sequence[bool] | None = None,
        nodes: int = 33,
        inner_nodes: int = 641,
    ) -> None:
        count = len(landscape.stages)
        self.landscape = landscape
        self.temperatures = tuple(temperatures or (REFERENCE_TEMPERATURE,) * count)
        self.fused_by_model = tuple((True,) * count if fused_by_model is None else fused_by_model)
        self._common = np.linspace(-WIDTH, WIDTH, nodes)
        self._inner_nodes = inner_nodes

    @property
    def main(self) -> Metric:
        """The main metric."""
        return next(iter(self.landscape.metrics.values()))

    @cached_property
    def weights(self) -> Array:
        """Weight of each point of the common factor; shape (nodes,)."""
        density = np.exp(-0.5 * self._common**2)
        weights: Array = density / density.sum()
        return weights

    @cached_property
    def transitions(self) -> tuple[Array, ...]:
        """For each stage the chances of its fused outcome; see :func:`transitions`."""
        return tuple(
            transitions(stage, temperature, fused_by_model, len(self._common), self._inner_nodes)
            for stage, temperature, fused_by_model in zip(
                self.landscape.stages, self.temperatures, self.fused_by_model, strict=True
            )
        )

    def stage_outcomes(self, stages: Sequence[tuple[int, int]]) -> tuple[Array, ...]:
        """Chances of (scattered, shared, right) after each stage of one allocation.

        Args:
            stages: for each stage the model's index in the landscape, and S.
        """
        reached = np.zeros((len(self._common), len(OUTCOMES)))
        reached[:, RIGHT] = 1
        found = []
        for transition, (model, samples) in zip(self.transitions, stages, strict=True):
            reached = np.einsum("zi,zio->zo", reached, transition[:, :, model, samples - 1])
            found.append(self.weights @ reached)
        return tuple(found)

    def expected(self, metric: Metric, stages: Sequence[tuple[int, int]]) -> float:
        """Expected value of a metric for one allocation, given as in :meth:`stage_outcomes`."""
        names = [stage.name for stage in self.landscape.stages]
        return float(self.stage_outcomes(stages)[names.index(metric.stage)] @ np.array(metric.values))

    def scores(self, models: Sequence[Sequence[int]] | None = None, levels: Sequence[int] | None = None) -> Array:
        """Expected main metric of every allocation. Three stages of two models and 100 levels take 64 MB.

        Args:
            models: for each stage the indices of the models on offer, in the landscape; all by default.
            levels: the sample counts on offer; 1 to 100 by default.

        Returns:
            Shape (models, levels, models, levels, ...), stage by stage.
        """
        taken = [level - 1 for level in levels] if levels is not None else list(range(MOST_SAMPLES))
        offered = models or [range(len(stage.models)) for stage in self.landscape.stages]
        tables = [
            table[:, :, list(indices)][:, :, :, taken] for table, indices in zip(self.transitions, offered, strict=True)
        ]
        # From the last stage to the first: what an upstream outcome is worth. Flat over the choices of later stages.
        worth = np.broadcast_to(np.array(self.main.values)[:, None], (len(self._common), len(OUTCOMES), 1))
        for table in tables[:0:-1]:
            flat = table.reshape(len(self._common), -1, len(OUTCOMES))
            worth = (flat @ worth).reshape(len(self._common), len(OUTCOMES), -1)
        first = tables[0][:, RIGHT].reshape(len(self._common), -1, len(OUTCOMES)) * self.weights[:, None, None]
        rows = first.transpose(1, 0, 2).reshape(first.shape[1], -1)
        scores: Array = rows @ worth.reshape(rows.shape[1], -1)
        return scores.reshape([n for table in tables for n in table.shape[2:4]])


@lru_cache(maxsize=64)
def transitions(stage: StageLandscape, temperature: float, fused_by_model: bool, nodes: int, inner_nodes: int) -> Array:
    """The chances of a stage's fused outcome.

    Returns:
        Shape (nodes, 3, models, 100, 3): by the common factor, the outcome of the stage before, the model, S - 1, and
        the outcome. Not to be written to.
    """
    difficulties = np.linspace(-WIDTH, WIDTH, inner_nodes)
    centres = stage.common * np.linspace(-WIDTH, WIDTH, nodes)[:, None]
    density = np.exp(-0.5 * (difficulties - centres) ** 2 / (1 - stage.common**2))
    inner = density / density.sum(axis=1, keepdims=True)
    chances = np.empty((nodes, len(OUTCOMES), len(stage.models), MOST_SAMPLES, len(OUTCOMES)))
    counts = np.arange(1, MOST_SAMPLES + 1)
    for model in range(len(stage.models)):
        fidelities = fidelity(stage, model, counts, fused_by_model=fused_by_model)
        for upstream in range(len(OUTCOMES)):
            if upstream > 0 and stage.reliance[model] == 0:
                chances[:, upstream, model] = chances[:, 0, model]
                continue
            right = right_chance(stage, model, upstream, difficulties, temperature)
            plain = fused_chances(right, np.zeros_like(right), fidelities)
            trapped = fused_chances(right, (1 - right) * stage.trap_share, fidelities)
            both = (1 - stage.trap) * plain + stage.trap * trapped
            # (nodes, difficulties) @ (difficulties, S x outcomes)
            flat = inner @ both.transpose(1, 0, 2).reshape(inner_nodes, -1)
            chances[:, upstream, model] = flat.reshape(nodes, MOST_SAMPLES, len(OUTCOMES))
    chances.flags.writeable = False
    return chances
