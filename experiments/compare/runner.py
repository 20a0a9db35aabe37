"""One cell, run."""

from __future__ import annotations

import traceback
from functools import lru_cache
from pathlib import Path

from agenttts_env.allocation import Allocation
from agenttts_env.errors import EngineError
from agenttts_env.experiments.compare.plan import CellPlan, ComparedProblem
from agenttts_env.experiments.compare.record import CellRecord
from agenttts_env.experiments.searchers import make_searcher
from agenttts_env.experiments.statistics import Cell
from agenttts_env.oracle import Oracle
from agenttts_env.registration import make_env
from agenttts_env.search import search
from agenttts_env.trial import Trial


def run_cell(plan: CellPlan) -> CellRecord:
    """Run one searcher on one problem with one seed, and then look up what its incumbents are worth.

    A searcher that raises has failed trials from then on, and the record says so: a comparison neither stops nor gets
    better by it.

    Raises:
        EngineError: its LLM cannot be reached. That is no result of the searcher, so that there is no record.
    """
    problem = plan.problem
    env = make_env(
        problem.task,
        backend="simulated",
        budget=problem.budget,
        examples=plan.examples,
        data_seed=plan.seed,
        trials=plan.trials,
    )
    searcher = make_searcher(plan.searcher)
    trials: list[Trial] = []
    error = ""
    try:
        search(env, searcher, seed=plan.seed, on_trial=trials.append)
    except EngineError:
        raise
    except Exception as raised:  # whatever a searcher does wrong is its result
        error = _describe(raised)
        trials += [Trial(n, None, None, "failed", reason=error) for n in range(len(trials), plan.trials)]
    oracle = _oracle(problem)

    def true_score(allocation: Allocation) -> float:
        # One allocation's chain of matrices: the table of all of them would take a second and 64 MB in every process.
        return oracle.population.expected(oracle.population.main, oracle.choices(allocation))

    cell = Cell.of(problem.name, plan.searcher, plan.seed, trials, true_score)
    return CellRecord.of(cell, trials, error)


@lru_cache(maxsize=64)
def _oracle(problem: ComparedProblem) -> Oracle:
    return problem.oracle()


def _describe(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
