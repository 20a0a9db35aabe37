"""The search problem: policies of the mixture search the one task that they were not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    seeds = 1 + max(each.seed for each in trainings)
    options = CompareOptions(tasks=tasks, searchers=SEARCHERS, seeds=DATA_SEEDS, trials=TRIALS)
    cells, oracles, names = [], {}, {name: name for name in SEARCHERS}
    for problem in plan_problems(options):
        oracles[problem.name] = problem.best().score
        for seed in range(DATA_SEEDS):
            training = Training("mixture", problem.task, seed % seeds)
            policy, untrained = f"{PREFIX}{training.last(out)}", f"{PREFIX}{training.untrained(out)}"
            names |= {policy: POLICY, untrained: UNTRAINED}
            for searcher in (*SEARCHERS, policy, untrained):
                cells.append(CellPlan(problem, searcher, seed, TRIALS, options.examples))
    found: list[Cell] = []
    for record in run_cells(cells, jobs):
        if record.error:
            raise AgentTTSError(f"{record.searcher} broke down on {record.problem}: {record.error}")
        found.append(replace(record.cell(), searcher=names[record.searcher]))
    order = (POLICY, UNTRAINED, *SEARCHERS)
    found.sort(key=lambda cell: (tasks.index(cell.task), order.index(cell.searcher), cell.seed))

    def own(task: str) -> list[Training]:
        return [each for each in trainings if each.task == task]

    curves = {each: read_curve(each.folder(out)) for each in trainings}
    return MixtureFindings(
        Comparison.of(found),
        oracles,
        np.array([row["step"] for row in curves[trainings[0]]]),
        {task: np.array([[row["mean"] for row in curves[each]] for each in own(task)]) for task in tasks},
        {task: np.array([read_seconds(each.folder(out)) for each in own(task)]) for task in tasks},
    )
