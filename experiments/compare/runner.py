"""One cell, run."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agenttts_env.allocation import Allocation
from agenttts_env.errors import EngineError, ProposalError
from agenttts_env.experiments.compare.plan import CellPlan
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.statistics import Cell
from agenttts_env.experiments.variants import Variant
from agenttts_env.problem import Problem
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial


def run_cell(plan: CellPlan) -> CellRecord:
    """Run one searcher on one problem with one seed, and then look up what its incumbents are worth.

    A searcher that raises has failed trials from then on, and the record says so: a comparison neither stops nor gets
    better by it.

    Raises:
        EngineError: its LLM cannot be reached. That is no result of the searcher, so that there is no record.
    """
    problem, searcher = plan.problem, _make(plan)
    env = problem.env(examples=plan.examples, data_seed=plan.seed, trials=plan.trials)
    trials: list[Trial] = []
    notes: list[Mapping[str, Any]] = []
    error = ""
    try:
        search(env, searcher, seed=plan.seed, on_trial=trials.append, on_note=notes.append)
    except EngineError:
        raise
    except Exception as raised:  # whatever a searcher does wrong is its result
        error = _describe(raised)
        trials += [Trial(n, None, None, "failed", reason=error) for n in range(len(trials), plan.trials)]
    finally:
        env.close()
    cell = Cell.of(problem.name, plan.searcher, plan.seed, trials, problem.true_score)
    record = CellRecord.of(cell, trials, error)
    return replace(record, notes=tuple(notes), training=_training(searcher))


def _training(searcher: Searcher) -> Mapping[str, float] | None:
    """The numbers among what a trained policy says of its training."""
    training: Mapping[str, Any] | None = getattr(searcher, "training", None)
    if training is None:
        return None
    return {name: value for name, value in training.items() if isinstance(value, (int, float))}


def _make(plan: CellPlan) -> Searcher:
    if plan.claimed is not None:
        return _Reader(plan.claimed)
    llm = None if plan.llm is None else plan.llm.agent(plan.problem.name, plan.searcher, plan.seed)
    return Variant.parse(plan.searcher).make(llm)


class _Reader(Searcher):
    """Reads its proposals off a list; where the list has none, the trial fails."""

    name = "reader"

    def __init__(self, requested: Sequence[Allocation | None]) -> None:
        self._requested = requested

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        self._left = iter(self._requested)

    def ask(self) -> Allocation:
        allocation = next(self._left)
        if allocation is None:
            raise ProposalError("none was named")
        return allocation

    def tell(self, trial: Trial) -> None:
        pass


def _describe(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
