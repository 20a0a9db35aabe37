"""The search history of another task, in words: what is carried over to a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import add
from pathlib import Path

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError, RunLogError
from agenttts_env.ledger import Ledger
from agenttts_env.registration import make_env
from agenttts_env.runfolder import RunFolder
from agenttts_env.trial import Trial

PAIRS = {"2wikimultihopqa": "hotpotqa", "hotpotqa": "2wikimultihopqa", "cwq": "webqsp", "webqsp": "cwq"}
"""For each task the one that it learns from. TaskBench and ChatDev have none."""

SIMULATED_TRIALS = 50
SIMULATED_DATA_SEED = 2**63
"""Simulated tasks share random numbers where they share the seed; those of the command line are all below 2**32."""

WORDS = ("very low", "low", "medium", "high", "very high")
_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class SourceHistory:
    """Complete trials of another task.

    Attributes:
        task: its name.
        stages: names of its stages.
        metric: its main metric.
        trials: the complete ones, in their order.
        origin: where they come from.
        ledger: what all of its trials took, those that were not completed included.
    """

    task: str
    stages: tuple[str, ...]
    metric: str
    trials: tuple[Trial, ...]
    origin: str
    ledger: Ledger = field(default_factory=Ledger)

    def best(self, count: int) -> list[Trial]:
        """The trials of highest score, best first."""
        return sorted(self.trials, key=lambda trial: (-(trial.score or 0.0), trial.cost or 0.0, trial.number))[:count]

    def verbalise(self, trials: Sequence[Trial]) -> str:
        """Trials, one on a line: sample counts and costs in five words, which rank them within this history."""
        costs = [trial.cost or 0.0 for trial in self.trials]
        counts = [
            [float(trial.allocation.stages[stage].samples) for trial in self.trials if trial.allocation is not None]
            for stage in range(len(self.stages))
        ]
        lines = []
        for trial in trials:
            assert trial.allocation is not None
            choices = ", ".join(
                f"{stage}: {choice.model} with {word(choice.samples, tried)} samples"
                for stage, choice, tried in zip(self.stages, trial.allocation.stages, counts, strict=True)
            )
            lines.append(f"- {choices}; cost {word(trial.cost or 0.0, costs)}; {self.metric} {trial.score:.3f}")
        return "\n".join(lines)


def word(value: float, among: Sequence[float]) -> str:
    """The word whose quantile of ``among`` (.1, .3, .5, .7, .9) is nearest; the lower of equals."""
    distances = np.abs(np.quantile(np.array(among), _QUANTILES) - value)
    return WORDS[int(np.argmin(distances))]


def read_source(folder: str | Path) -> SourceHistory:
    """The history of a finished run, from its folder. Its scores on the sealed test split are not read.

    Raises:
        RunLogError: there is no run, or its log cannot be read.
        InvalidInputError: it is not finished, or holds no complete trial.
    """
    run = RunFolder(folder)
    settings, trials = run.settings, run.trials()
    if "labels" not in settings:
        raise RunLogError(f"{folder} holds no search: its run.json has no labels")
    if not run.file("summary.json").exists():
        raise InvalidInputError(f"`source` must be a finished run, but the one in {folder} may still grow")
    labels = settings["labels"]
    complete = tuple(trial for trial in trials if trial.state == "complete")
    if not complete:
        raise InvalidInputError(f"`source` must hold a complete trial, but the run in {folder} has none")
    ledger = reduce(add, (trial.ledger + trial.overhead for trial in trials), Ledger())
    return SourceHistory(
        labels["task"], tuple(labels["models"]), labels["metric"], complete, f"the run in {folder}", ledger
    )


@lru_cache
def simulate_source(task: str, cost: str, levels: tuple[int, ...]) -> SourceHistory:
    """The history of a random search over a task's simulated landscape, at its default budget; always the same one.

    Args:
        task: its name.
        cost: its cost's name.
        levels: the sample counts on offer.
    """
    env = make_env(
        task, backend="simulated", data_seed=SIMULATED_DATA_SEED, cost=cost, levels=levels, trials=SIMULATED_TRIALS
    )
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    tried: set[Allocation] = set()
    while len(tried) < min(SIMULATED_TRIALS, env.problem.count()):
        allocation = env.problem.sample(rng)
        if allocation not in tried:
            tried.add(allocation)
            env.step(env.problem.encode(allocation))
    return SourceHistory(
        task,
        tuple(stage.name for stage in env.problem.task.stages),
        env.problem.task.main_metric,
        tuple(env.trials),
        f"{len(tried)} random allocations on a simulated data set of {task}",
        reduce(add, (trial.ledger for trial in env.trials), Ledger()),
    )
