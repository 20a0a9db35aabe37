"""The search problem: policies of the mixture search the one task that they were not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agenttts_env.baselines.rl.policy_searcher import PREFIX
from agenttts_env.errors import AgentTTSError
from agenttts_env.experiments.compare.launcher import run_cells
from agenttts_env.experiments.compare.options import CompareOptions
from agenttts_env.experiments.compare.plan import CellPlan, plan_problems
from agenttts_env.experiments.rl_study.trainings import Training, read_curve, read_seconds
from agenttts_env.experiments.statistics import Cell, Comparison

POLICY, UNTRAINED = "policy", "untrained"
"""Stand for the policies of all training seeds, after training and before: the run of data seed s takes the one of
training seed s mod their number. After training it is the last one: the best one is selected on the left-out task."""

SEARCHERS = ("random", "init-only", "insight-rules", "tpe", "tpe+init")
DATA_SEEDS = 40
TRIALS = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MixtureFindings:
    """All left-out tasks.

    Attributes:
        comparison: tasks x searchers x data seeds.
        oracles: the best expected score, by task.
        steps: at which the policies were evaluated, shape (evaluations,).
        curves: held-out return of each policy then, by left-out task: shape (seeds, evaluations).
        seconds: of each training, by left-out task: shape (seeds,).
    """

    comparison: Comparison
    oracles: dict[str, float]
    steps: npt.NDArray[np.int64]
    curves: dict[str, Floats]
    seconds: dict[str, Floats]


def mixture_findings(trainings: Sequence[Training], out: Path, jobs: int) -> MixtureFindings:
    """Search every left-out task with every searcher.

    Args:
        trainings: finished; as many seeds for every left-out task.
        out: folder of the study.
        jobs: number of processes.
    """
    tasks = tuple(dict.fromkeys(each.task for each in trainings))
    options = CompareOptions(tasks=tasks, searchers=SEARCHERS, seeds=DATA_SEEDS, trials=TRIALS)
    trained = {each: f"{PREFIX}{each.last(out)}" for each in trainings}
    untrained = {each: f"{PREFIX}{each.untrained(out)}" for each in trainings}
    names = {name: name for name in SEARCHERS}
    names |= dict.fromkeys(trained.values(), POLICY) | dict.fromkeys(untrained.values(), UNTRAINED)

    def own(task: str) -> list[Training]:
        return [each for each in trainings if each.task == task]

    cells, oracles = [], {}
    for problem in plan_problems(options):
        oracles[problem.name] = problem.best().score
        for seed, training in zip(range(DATA_SEEDS), cycle(own(problem.task)), strict=False):
            for searcher in (*SEARCHERS, trained[training], untrained[training]):
                cells.append(CellPlan(problem, searcher, seed, TRIALS, options.examples))
    found: list[Cell] = []
    for record in run_cells(cells, jobs):
        if record.error:
            raise AgentTTSError(f"{record.searcher} broke down on {record.problem}: {record.error}")
        found.append(replace(record.cell(), searcher=names[record.searcher]))
    order = (POLICY, UNTRAINED, *SEARCHERS)
    found.sort(key=lambda cell: (tasks.index(cell.task), order.index(cell.searcher), cell.seed))

    curves = {each: read_curve(each.folder(out)) for each in trainings}
    return MixtureFindings(
        Comparison.of(found),
        oracles,
        np.array([row["step"] for row in curves[trainings[0]]]),
        {task: np.array([[row["mean"] for row in curves[each]] for each in own(task)]) for task in tasks},
        {task: np.array([read_seconds(each.folder(out)) for each in own(task)]) for task in tasks},
    )
