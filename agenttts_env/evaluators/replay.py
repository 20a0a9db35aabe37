"""Evaluations from a recorded table: exactly what a live evaluation would give, with nothing computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.engines.base import Completion, Message, Request, Sampling
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.ledger import Ledger
from agenttts_env.model import Model
from agenttts_env.outcomes import Ints, OutcomeTable, Pools
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore


class RecordedEngine:
    """Gives recorded samples again, without their texts; a prompt names a pool: ``0 samples 17``.

    Args:
        table: what was recorded.
        model: whose place it takes.
    """

    def __init__(self, table: OutcomeTable, model: Model) -> None:
        self.table = table
        self.model = model
        self.identity = f"replay/{table.digest}"

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Look all samples up."""
        for position, request in enumerate(requests):
            stage, kind, pool = request.prompt[0].content.split()
            pools: Pools = getattr(self.table.stages[int(stage)], kind)
            yield (
                position,
                [
                    Completion(
                        number,
                        "",
                        int(pools.prompt_tokens[int(pool)]),
                        int(pools.decode_tokens[int(pool), number]),
                        "stop",
                        float(pools.seconds[int(pool), number]),
                    )
                    for number in range(request.first, request.first + request.count)
                ],
            )

    def close(self) -> None:
        """Nothing to free."""


def replay_sampler(table: OutcomeTable, store: str | Path = ":memory:") -> Sampler:
    """A sampler over recorded samples: it keeps account of what a search would have computed, and what reused.

    Args:
        table: what was recorded.
        store: file of the sample store, for a search that may be resumed.
    """
    return Sampler(SampleStore(store), partial(RecordedEngine, table))


@dataclass(frozen=True)
class _StageRun:
    """Where a stage led every example."""

    nodes: Ints
    ledger: Ledger
    samples: int
    failures: int


class ReplayEvaluator:
    """Looks up where an allocation leads, stage by stage.

    What was drawn for earlier trials counts as reused, as it does live: the first trial over an empty store pays
    everything.

    Args:
        table: what was recorded.
        split: ``search`` or ``test``.
        examples: how many of the split's examples, the first ones; all by default.
        sampler: one of :func:`replay_sampler` that it shares with others; one of its own by default.

    Raises:
        InvalidInputError: the split has fewer examples, or none are wanted.
    """

    def __init__(
        self, table: OutcomeTable, split: str = "search", *, examples: int | None = None, sampler: Sampler | None = None
    ) -> None:
        self._roots = table.roots(split, examples)
        if not len(self._roots):
            raise InvalidInputError(f"a replay needs at least one example, but got none of the {split} split")
        self.backend = table.backend
        self.table = table
        self.sampler = replay_sampler(table) if sampler is None else sampler
        self._runs: dict[tuple[StageAllocation, ...], _StageRun] = {}
        self._means: dict[tuple[tuple[int, int], ...], list[float]] = {}

    def begin(self) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`; as live, what was drawn stays drawn."""

    def recall(self, allocation: Allocation) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`; the store knows."""

    def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`.

        Raises:
            InvalidInputError: the table does not have this allocation.
        """
        indices = self.table.indices(allocation)
        nodes = self._roots
        runs: dict[str, _StageRun] = {}
        for number, stage in enumerate(self.table.task.stages):
            prefix = allocation.stages[: number + 1]
            run = self._runs.get(prefix)
            if run is None:
                run = self._run_stage(number, nodes, *indices[number], payer)
                self._runs[prefix] = replace(run, ledger=run.ledger.as_reused())
            runs[stage.name] = run
            nodes = run.nodes
        columns = self.table.scores[nodes].T.tolist()
        return Evaluation(
            scores={metric: tuple(column) for metric, column in zip(self.table.task.metrics, columns, strict=True)},
            ledgers={name: run.ledger for name, run in runs.items()},
            parse_failures={name: run.failures for name, run in runs.items()},
            samples={name: run.samples for name, run in runs.items()},
        )

    def means(self, choices: Sequence[tuple[int, int]]) -> list[float]:
        """See :class:`~agenttts_env.evaluators.base.QuickEvaluator`."""
        key = tuple(choices)
        if key not in self._means:
            stages = self.table.task.stages
            allocation = Allocation.of(*((s.models[m].name, n) for s, (m, n) in zip(stages, choices, strict=True)))
            nodes = self._roots
            for outcomes, (model, level) in zip(self.table.stages, self.table.indices(allocation), strict=True):
                nodes = outcomes.children[nodes, model, level]
            self._means[key] = [math.fsum(column) / len(nodes) for column in self.table.scores[nodes].T]
        return self._means[key]

    def _run_stage(self, number: int, nodes: Ints, model: int, level: int, payer: str) -> _StageRun:
        outcomes, samples = self.table.stages[number], self.table.levels[level]
        asked = nodes[outcomes.pools[nodes, model] >= 0]  # the others have nothing to do
        ledger = self._draw(number, "samples", outcomes.pools[asked, model], model, samples, payer)
        calls = outcomes.fusions[asked, model, level]
        if (calls < 0).all():
            stated = outcomes.outputs[asked, model, :samples] >= 0
        else:
            ledger += self._draw(number, "fusing", calls, model, 1, payer)
            stated = outcomes.fused[asked, model, level]
        return _StageRun(
            outcomes.children[nodes, model, level], ledger, stated.size, stated.size - int(np.count_nonzero(stated))
        )

    def _draw(self, number: int, kind: str, pools: Ints, model: int, samples: int, payer: str) -> Ledger:
        if not pools.size:
            return Ledger()
        stage = self.table.task.stages[number]
        prompts = [(Message("user", f"{number} {kind} {pool}"),) for pool in pools.tolist()]
        sampling = Sampling(stage.temperature, stage.max_tokens)
        return self.sampler.draw(stage.name, stage.models[model], prompts, samples, sampling, payer)[1]

    def close(self) -> None:
        """Close the account."""
        self.sampler.close()
