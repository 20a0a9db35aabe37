"""How good a policy is, in the terms of its decision problem, beside what is best. All scores here are simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.rl.episodes import play
from agenttts_env.baselines.rl.policy import Policy
from agenttts_env.baselines.rl.problems import HELD_OUT, make_envs
from agenttts_env.building import build_simulated
from agenttts_env.errors import InvalidInputError
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.registration import make_env
from agenttts_env.search import search
from agenttts_env.searcher import Searcher
from agenttts_env.stagewise.solution import ExactSolution
from agenttts_env.trial import best_trial

Floats = npt.NDArray[np.float64]

SEED = 2**21
"""Of the episodes that are played here."""


@dataclass(frozen=True)
class StagewiseResult:
    """A policy of the stagewise problem over a grid of budgets.

    Attributes:
        problem: what was on offer.
        budgets: the grid, shape (budgets,).
        allocations: what it chose, as :meth:`Problem.decode` reads them; shape (budgets, repeats, 2 * stages).
        expected: expected scores of these, mean over the repeats; shape (budgets,).
        offered: the best expected score among what was on offer.
        best: the best expected score of 1 to 100 samples.
    """

    problem: Problem
    budgets: Floats
    allocations: npt.NDArray[np.int64]
    expected: Floats
    offered: Floats
    best: Floats

    @property
    def relative_regret(self) -> float:
        """Mean over the budgets of how much less is expected than from the best of 1 to 100, as a share of the best."""
        return float(((self.best - self.expected) / self.best).mean())

    def allocation(self, index: int) -> Allocation:
        """What was chosen most often at a budget."""
        rows, counts = np.unique(self.allocations[index], axis=0, return_counts=True)
        return self.problem.decode(rows[counts.argmax()])


def evaluate_stagewise(
    policy: Policy,
    env_id: str,
    options: Mapping[str, Any],
    *,
    budgets: Sequence[float] | int = 24,
    repeats: int = 8,
    stochastic: bool = False,
) -> StagewiseResult:
    """Play a policy at a grid of budgets.

    Args:
        policy: who allocates.
        env_id: such as ``AgentTTS/CWQ-Stagewise-v0``.
        options: of the environment; its data sets are held-out ones, unless ``data_seeds`` says otherwise.
        budgets: the grid; or the number of budgets, whose ratios are then equal, over the environment's range.
        repeats: episodes at each budget: what a policy sees of the data may change what it does.
        stochastic: whether to draw actions by their probabilities and not to take the most probable ones.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    seeded = {"data_seeds": list(range(HELD_OUT, HELD_OUT + 32)), **options}
    if isinstance(budgets, int):
        probe: Any = make_envs(env_id, 1, seeded, autoreset_mode=AutoresetMode.NEXT_STEP)
        budgets = probe.budget_range.draw(np.linspace(0, 1, budgets)).tolist()
    grid = np.array(budgets, dtype=np.float64)
    envs: Any = make_envs(env_id, len(grid) * repeats, seeded, autoreset_mode=AutoresetMode.NEXT_STEP)
    fixed = {"budget": np.repeat(grid, repeats)}
    last = play(policy, envs, seed=SEED, options=fixed, stochastic=stochastic).last
    exact = ExactSolution(envs.oracle)
    return StagewiseResult(
        envs.problem,
        grid,
        last["allocation"].reshape(len(grid), repeats, -1),
        last["expected"].reshape(len(grid), repeats).mean(axis=1),
        exact.offered.best(grid),
        exact.every.best(grid),
    )


@dataclass(frozen=True)
class PerQueryResult:
    """A policy of the per-query problem at one price, over held-out questions.

    Attributes:
        price: reward per unit of relative cost.
        score: mean score of the questions.
        standard_error: of it.
        cost: mean cost of a question.
        questions: how many.
    """

    price: float
    score: float
    standard_error: float
    cost: float
    questions: int


def evaluate_per_query(
    policy: Policy,
    env_id: str,
    options: Mapping[str, Any],
    *,
    prices: Sequence[float],
    questions: int = 2000,
) -> list[PerQueryResult]:
    """Play a policy's most probable actions on held-out questions, at one price after the other.

    Args:
        policy: who decides.
        env_id: such as ``AgentTTS/CWQ-PerQuery-v0``.
        options: of the environment; with the backend ``simulated``, its data sets are held-out ones, unless
            ``data_seeds`` says otherwise; with ``replay``, say ``{"backend": "replay", "split": "test"}``.
        prices: at which.
        questions: how many, the same at every price.

    Raises:
        InvalidInputError: an option breaks a rule.
    """
    held_out = {} if options.get("backend") == "replay" else {"data_seeds": list(range(HELD_OUT, HELD_OUT + 8))}
    seeded = {**held_out, "order": "sequential", **options}
    envs = make_envs(env_id, questions, seeded, autoreset_mode=AutoresetMode.NEXT_STEP)
    found = []
    for price in prices:
        last = play(policy, envs, seed=SEED, options={"price": price}).last
        scores = last["score"]
        error = float(scores.std(ddof=1) / len(scores) ** 0.5)
        found.append(PerQueryResult(price, float(scores.mean()), error, float(last["cost"].mean()), len(scores)))
    return found


@dataclass(frozen=True)
class SearchResult:
    """A searcher on a simulated task.

    Attributes:
        task: its name.
        budget: of the problem.
        expected: for each data set the expected score of the incumbent after so many trials, shape (seeds, trials); 0
            before the first complete trial.
        best: the best expected score there is.
    """

    task: str
    budget: float
    expected: Floats
    best: float

    @property
    def relative_regret(self) -> float:
        """Of the last incumbents, on average, as a share of the best."""
        return float((self.best - self.expected[:, -1].mean()) / self.best)


def evaluate_search(
    make: Callable[[], Searcher],
    task: str,
    *,
    budget: float | None = None,
    data_seeds: Sequence[int] = tuple(range(HELD_OUT, HELD_OUT + 20)),
    trials: int = 50,
    examples: int = 50,
) -> SearchResult:
    """Search a simulated task on held-out data, once for each data set; for any searcher, a policy or another.

    Args:
        make: a new searcher.
        task: a simulated one.
        budget: the task's own by default.
        data_seeds: of the data sets; each is the searcher's seed, too.
        trials: length of a search.
        examples: size of a data set.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """
    if not data_seeds:
        raise InvalidInputError("`data_seeds` must name a seed, but got none")
    spec, landscape = build_simulated(task)
    oracle = Oracle(Problem.of(spec, budget=budget), landscape)
    scores = oracle.scores
    expected = np.zeros((len(data_seeds), trials))
    for row, data_seed in zip(expected, data_seeds, strict=True):
        env = make_env(task, backend="simulated", budget=budget, data_seed=data_seed, examples=examples, trials=trials)
        told = search(env, make(), seed=data_seed)
        for number in range(trials):
            best = best_trial(told[: number + 1])
            if best is not None and best.allocation is not None:
                row[number] = scores[tuple(env.problem.encode(best.allocation))]
    return SearchResult(task, oracle.problem.budget, expected, oracle.best().score)
