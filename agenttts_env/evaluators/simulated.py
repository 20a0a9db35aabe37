"""Evaluations by simulation: no model runs, and nothing in here may look as if one had."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agenttts_env.allocation import Allocation
from agenttts_env.cost import decode_flops, generation_dollars, prefill_flops
from agenttts_env.evaluation import Evaluation
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.simulation.bitboard import Bitboard
from agenttts_env.simulation.dataset import MOST_SAMPLES, Dataset, check_samples
from agenttts_env.simulation.draws import SplitName
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SCATTERED, SHARED, Landscape
from agenttts_env.stage import Stage
from agenttts_env.task import Task


class SimulatedEvaluator:
    """Runs allocations on a simulated data set.

    The ledger counts nominal tokens: a prompt is read once for each example and upstream outcome, and samples and
    fusing calls that the episode has drawn before are reused. An episode starts with nothing drawn. Time is not
    simulated.

    Args:
        task: as :meth:`~agenttts_env.simulation.landscape.Landscape.simulated` returns it.
        landscape: the parameters.
        seed: of the data set.
        split: which split.
        examples: its size.

    Attributes:
        models: for each stage the indices of the models on offer, in the landscape.

    Raises:
        InvalidInputError: the landscape lacks a stage or a model of the task, or an argument is out of range.
    """

    backend = "simulated"

    def __init__(
        self, task: Task, landscape: Landscape, *, seed: int = 0, split: SplitName = "search", examples: int = 50
    ) -> None:
        self.task = landscape.simulated(task)
        self.landscape = landscape
        self.dataset = Dataset(
            landscape,
            seed=seed,
            split=split,
            examples=examples,
            temperatures=[stage.temperature for stage in task.stages],
            fused_by_model=[stage.fusion == "llm" for stage in task.stages],
        )
        self.models = [
            [known.models.index(model.name) for model in stage.models]
            for stage, known in zip(task.stages, landscape.stages, strict=True)
        ]
        self._board: Bitboard | None = None
        self._drawn: dict[tuple[int, int], npt.NDArray[np.int64]] = {}
        self._fusings: dict[tuple[int, int], npt.NDArray[np.bool_]] = {}

    @property
    def board(self) -> Bitboard:
        """The data set as bit masks, made when it is first needed."""
        if self._board is None:
            self._board = Bitboard(self.dataset, self.models)
        return self._board

    def begin(self) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`; the ledgers of the episode start with nothing drawn."""
        self._drawn.clear()
        self._fusings.clear()

    def recall(self, allocation: Allocation) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`."""
        self.evaluate(allocation, "")

    def means(self, choices: Sequence[tuple[int, int]]) -> list[float]:
        """The mean of every metric, and nothing else.

        Args:
            choices: for each stage the model's index among those on offer, and S.

        Raises:
            InvalidInputError: S is beyond what is simulated.
        """
        try:
            return self.board.means(choices)
        except IndexError:
            check_samples(max(samples for _, samples in choices))
            raise

    def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`."""
        choices = [
            (stage.models.index(stage.model(choice.model)), choice.samples)
            for stage, choice in zip(self.task.stages, allocation.stages, strict=True)
        ]
        check_samples(max(samples for _, samples in choices))
        upstream = np.full(self.dataset.examples, RIGHT)
        outcomes: dict[str, npt.NDArray[np.int64]] = {}
        ledgers = {}
        for index, (stage, (model, samples), masks) in enumerate(
            zip(self.task.stages, choices, self.board.masks(choices), strict=True)
        ):
            ledgers[stage.name] = self._ledger(index, stage, model, samples, upstream)
            upstream = np.array([self._outcome(masks, example) for example in range(self.dataset.examples)])
            outcomes[stage.name] = upstream
        return Evaluation(
            scores={
                name: tuple(np.array(metric.values)[outcomes[metric.stage]].tolist())
                for name, metric in self.landscape.metrics.items()
            },
            ledgers=ledgers,
            parse_failures={stage.name: 0 for stage in self.task.stages},
            samples={
                stage.name: self.dataset.examples * (1 if stage.fusion == "llm" else samples)
                for stage, (_, samples) in zip(self.task.stages, choices, strict=True)
            },
        )

    @staticmethod
    def _outcome(masks: tuple[int, int], example: int) -> int:
        right, shared = masks
        return RIGHT if right >> example & 1 else SHARED if shared >> example & 1 else SCATTERED

    def _ledger(self, index: int, stage: Stage, model: int, samples: int, upstream: npt.NDArray[np.int64]) -> Ledger:
        examples, spec = np.arange(self.dataset.examples), stage.models[model]
        prompt, decode = stage.prompt_tokens, stage.decode_tokens
        # Like the store of a live search: what was drawn is kept by (model, what the stage before gave, example).
        drawn = self._drawn.setdefault((index, model), np.zeros((len(OUTCOMES), len(examples)), dtype=np.int64))
        before = drawn[upstream, examples]
        drawn[upstream, examples] = np.maximum(before, samples)
        new = np.maximum(samples - before, 0)
        ledger = _calls(spec, prompt, decode, read=new > 0, written=new, drawn=samples)
        if stage.fusion == "llm" and samples > 1:
            fused = self._fusings.setdefault(
                (index, model), np.zeros((len(OUTCOMES), len(examples), MOST_SAMPLES), dtype=bool)
            )
            missing = ~fused[upstream, examples, samples - 1]
            fused[upstream, examples, samples - 1] = True
            ledger += _calls(spec, prompt + samples * decode, decode, read=missing, written=missing, drawn=1)
        return ledger

    def close(self) -> None:
        """Nothing is held."""


def _calls(
    model: Model,
    prompt: int,
    decode: int,
    *,
    read: npt.NDArray[np.bool_],
    written: npt.NDArray[np.int64] | npt.NDArray[np.bool_],
    drawn: int,
) -> Ledger:
    """The ledger of one call an example, of which ``written`` samples are new and the rest of ``drawn`` are reused."""
    calls, prompts, new = len(read), int(read.sum()), int(written.sum())
    shape = {"layers": model.layers, "width": model.width}
    return Ledger(
        samples_computed=new,
        samples_reused=calls * drawn - new,
        prompt_tokens_computed=prompts * prompt,
        prompt_tokens_reused=(calls - prompts) * prompt,
        decode_tokens_computed=new * decode,
        decode_tokens_reused=(calls * drawn - new) * decode,
        flops=prompts * prefill_flops(model.parameters, prompt, **shape)
        + new * decode_flops(model.parameters, prompt, decode, **shape),
        dollars=generation_dollars(1, model.price or 0.0, prompts * prompt, new * decode),
    )
