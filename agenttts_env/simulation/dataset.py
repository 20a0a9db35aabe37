"""A simulated data set: the outcome of every sample and of every fusing, before anybody asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.errors import InvalidInputError
from agenttts_env.simulation.chances import fidelity, right_chance
from agenttts_env.simulation.draws import Array, Purpose, SplitName, normals, uniforms
from agenttts_env.simulation.landscape import OUTCOMES, REFERENCE_TEMPERATURE, RIGHT, SCATTERED, SHARED, Landscape

MOST_SAMPLES = 100
"""A simulated stage has so many samples at most."""

Codes = npt.NDArray[np.uint8]
"""Outcomes by code, see :data:`agenttts_env.simulation.landscape.OUTCOMES`."""


def check_samples(samples: int) -> None:
    """Check that a simulated stage has so many samples.

    Raises:
        InvalidInputError: it has fewer.
    """
    if samples > MOST_SAMPLES:
        raise InvalidInputError(f"a simulated stage has at most {MOST_SAMPLES} samples, but got {samples}")


class Dataset:
    """One split of a data set that a seed makes.

    Every number in it is a function of (seed, split, example, stage, model, sample) alone: more examples, other models
    or another order of questions change nothing.

    Args:
        landscape: the parameters.
        seed: of the data set, in [0, 2**64).
        split: ``search`` or ``test``; they share nothing.
        examples: how many, >= 1.
        temperatures: for each stage; the published figures' by default.
        fused_by_model: for each stage, whether the stage's own model fuses samples; else a vote does, which never
            loses its way. All by models by default.
    """

    def __init__(
        self,
        landscape: Landscape,
        *,
        seed: int = 0,
        split: SplitName = "search",
        examples: int = 50,
        temperatures: Sequence[float] | None = None,
        fused_by_model: Sequence[bool] | None = None,
    ) -> None:
        if examples < 1:
            raise InvalidInputError(f"`examples` must be >= 1, but got {examples}")
        count = len(landscape.stages)
        self.landscape = landscape
        self.seed = seed
        self.split = split
        self.examples = examples
        self.temperatures = tuple(temperatures or (REFERENCE_TEMPERATURE,) * count)
        self.fused_by_model = tuple((True,) * count if fused_by_model is None else fused_by_model)
        if len(self.temperatures) != count or len(self.fused_by_model) != count:
            raise InvalidInputError(
                f"need a temperature and a fusion for each of {count} stages, but got {self.temperatures} and "
                f"{self.fused_by_model}"
            )
        self._common = normals(self._uniforms(Purpose.EXAMPLE))[:, 0]

    def difficulty(self, stage: int) -> Array:
        """Difficulty of every example at a stage, in standard deviations; shape (examples,)."""
        common = self.landscape.stages[stage].common
        own = normals(self._uniforms(Purpose.DIFFICULTY, stage=stage))[:, 0]
        difficulty: Array = common * self._common + (1 - common**2) ** 0.5 * own
        return difficulty

    def samples(self, stage: int, model: int) -> Codes:
        """The outcome of every sample.

        Args:
            stage: index of the stage.
            model: index of the model in the landscape.

        Returns:
            Shape (3, examples, 100): by the outcome of the stage before, the example, and the sample's number. The
            same random number decides in all three cases.
        """
        spec = self.landscape.stages[stage]
        difficulty = self.difficulty(stage)
        draw = self._uniforms(Purpose.SAMPLE, stage=stage, model=model, width=MOST_SAMPLES)
        trapped = self._uniforms(Purpose.TRAP, stage=stage)[:, 0] < spec.trap
        share = np.where(trapped, spec.trap_share, 0.0)
        codes = np.empty((len(OUTCOMES), self.examples, MOST_SAMPLES), dtype=np.uint8)
        for upstream in range(len(OUTCOMES)):
            right = right_chance(spec, model, upstream, difficulty, self.temperatures[stage])
            shared = right + (1 - right) * share
            codes[upstream] = np.where(
                draw < right[:, None], RIGHT, np.where(draw < shared[:, None], SHARED, SCATTERED)
            )
        return codes

    def fused(self, stage: int, model: int) -> Codes:
        """The fused outcome of the first S samples, S = 1 to 100.

        Args:
            stage: index of the stage.
            model: index of the model in the landscape.

        Returns:
            Shape (3, examples, 100): by the outcome of the stage before, the example, and S - 1.
        """
        spec, codes = self.landscape.stages[stage], self.samples(stage, model)
        counts = np.arange(1, MOST_SAMPLES + 1)
        where = {"stage": stage, "model": model, "width": MOST_SAMPLES}
        finds = self._uniforms(Purpose.FUSION, **where) < fidelity(
            spec, model, counts, fused_by_model=self.fused_by_model[stage]
        )
        pick = self._uniforms(Purpose.PICK, **where)
        any_candidate = np.take_along_axis(
            codes, np.broadcast_to((pick * counts).astype(np.int64), codes.shape), axis=2
        )
        right = np.cumsum(codes == RIGHT, axis=2)
        shared = np.cumsum(codes == SHARED, axis=2)
        plural = np.where(right == shared, np.where(pick < 0.5, RIGHT, SHARED), np.where(right > shared, RIGHT, SHARED))
        grouped = np.maximum(right, shared) > 1
        fused: Codes = np.where(finds & grouped, plural, any_candidate).astype(np.uint8)
        return fused

    def _uniforms(self, purpose: Purpose, *, stage: int = 0, model: int = 0, width: int = 1) -> Array:
        return uniforms(
            self.seed,
            self.split,
            purpose,
            self.examples,
            task=self.landscape.task,
            stage=stage,
            model=model,
            width=width,
        )
