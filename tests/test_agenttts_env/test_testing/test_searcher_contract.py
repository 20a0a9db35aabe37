from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError, ProposalError
from agenttts_env.ledger import Ledger
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective, check_searcher
from agenttts_env.trial import Trial

SMALL, LARGE = MODELS["llama-3.2-3b"], MODELS["llama-3.1-70b"]
PROBLEM = Problem.of(Task("one", "", (Stage("a", (SMALL, LARGE), 256, 64, 64),), ("score", "other")))


class Counting(Searcher):
    """Keeps the contract; its children each break one clause."""

    name = "counting"

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        self.told: list[Trial] = []

    def ask(self) -> Allocation:
        if len(self.told) == 3:
            raise ProposalError("three is hard")
        return Allocation.of((SMALL.name, len(self.told) + 1))

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


class Unseeded(Counting):
    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        super().reset(problem, trials=trials, seed=seed)
        self.rng = np.random.default_rng()

    def ask(self) -> Allocation:
        return Allocation.of((SMALL.name, int(self.rng.integers(1, 100))))


class Unreset(Counting):
    """Goes on where the search before ended."""

    def __init__(self) -> None:
        self.told = []

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """Forget nothing."""


class ByIdentity(Counting):
    """Knows its requests by identity; those of a log that was read back are equal, but not the same."""

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        super().reset(problem, trials=trials, seed=seed)
        self.strangers = 0

    def ask(self) -> Allocation:
        self.asked = Allocation.of((SMALL.name, len(self.told) + 1 + self.strangers))
        return self.asked

    def tell(self, trial: Trial) -> None:
        super().tell(trial)
        self.strangers += trial.requested is not self.asked


class Unoffered(Counting):
    def ask(self) -> Allocation:
        return Allocation.of((SMALL.name, 101))


class Refunded(Counting):
    @property
    def overhead(self) -> Ledger:
        return Ledger(samples_computed=(0, 2, 1)[min(len(self.told), 2)])


class Charged(Counting):
    @property
    def overhead(self) -> Ledger:
        return Ledger(samples_computed=1)


class Noted(Counting):
    def notes(self) -> list[dict[str, object]]:
        return [{"a set": {1}}]


class Cheap(Counting):
    """Keeps both promises too."""

    def ask(self) -> Allocation:
        return Allocation.of((SMALL.name, len(self.told) + 1))


class OverBudget(Counting):
    def ask(self) -> Allocation:
        return Allocation.of((LARGE.name, len(self.told) + 1))


class Stale(Counting):
    """Keeps the budget of the first problem that it saw."""

    def __init__(self) -> None:
        self.allocation: Allocation | None = None

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        super().reset(problem, trials=trials, seed=seed)
        most = problem.most_samples(0, SMALL.name, 0.0)
        self.allocation = self.allocation or Allocation.of((SMALL.name, most))

    def ask(self) -> Allocation:
        assert self.allocation is not None
        return self.allocation


class Repeating(Counting):
    def ask(self) -> Allocation:
        return Allocation.of((SMALL.name, len(self.told) // 8 + 1))


class Needy(Counting):
    """Counts on a complete trial."""

    def ask(self) -> Allocation:
        if len(self.told) == 10:
            max(trial.score for trial in self.told if trial.score is not None)
        return super().ask()


class TrialEditor(Counting):
    def tell(self, trial: Trial) -> None:
        super().tell(trial)
        trial.metrics["score"] = 1.0  # type: ignore[index]


class ProblemEditor(Counting):
    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        super().reset(problem, trials=trials, seed=seed)
        self.problem = problem

    def ask(self) -> Allocation:
        self.problem.cost_tables[0][0, 0] += 1e-9
        return super().ask()


class GloballySeeded(Counting):
    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        super().reset(problem, trials=trials, seed=seed)
        np.random.seed(seed)  # noqa: NPY002

    def ask(self) -> Allocation:
        return Allocation.of((SMALL.name, np.random.randint(1, 100)))  # noqa: NPY002


def test_a_searcher_that_keeps_the_contract() -> None:
    check_searcher(Counting, PROBLEM)
    check_searcher(OverBudget, PROBLEM)
    check_searcher(Repeating, PROBLEM)
    check_searcher(Cheap, PROBLEM, within_budget=True, no_repeats=True)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (Unseeded, AssertionError, "a new searcher with the same seed must ask the same"),
        (Unreset, AssertionError, "a searcher that was reset with the same seed must ask the same"),
        (ByIdentity, AssertionError, "must ask the same|of the log asked for"),
        (Unoffered, InvalidInputError, "`samples` must be one of the levels 1 to 100"),
        (Refunded, AssertionError, "`overhead.samples_computed` fell"),
        (Charged, AssertionError, "`overhead` must be zero after a reset"),
        (Noted, TypeError, "not JSON serializable"),
        (Needy, ValueError, r"max\(\)"),
        (TrialEditor, AssertionError, "trials must not be edited, but trial 0 was"),
        (ProblemEditor, AssertionError, "the problem must not be edited, but its cost tables were"),
        (GloballySeeded, AssertionError, "the global random numbers of `random` and `numpy` must be left alone"),
    ],
)
def test_a_searcher_that_breaks_it(make: Callable[[], Searcher], error: type[Exception], message: str) -> None:
    before = np.random.get_state()  # noqa: NPY002
    with pytest.raises(error, match=message):
        check_searcher(make, Problem.of(PROBLEM.task))
    np.random.set_state(before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("make", "promise", "message"),
    [
        (OverBudget, "within_budget", "nothing over budget must be asked for, but llama-3.1-70b x2 was"),
        (Stale, "within_budget", "nothing over budget must be asked for, but llama-3.2-3b x"),
        (Repeating, "no_repeats", "nothing must be asked for twice while anything is untried, but llama-3.2-3b x1 was"),
    ],
)
def test_a_searcher_that_breaks_a_promise(make: Callable[[], Searcher], promise: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_searcher(make, PROBLEM, **{promise: True})  # type: ignore[arg-type]


def test_objective_has_all_outcomes() -> None:
    objective = ScriptedObjective(PROBLEM)
    allocations = [Allocation.of((SMALL.name, count)) for count in range(1, 60)]
    states = [objective.trial(0, allocation).state for allocation in allocations]
    assert set(states) == {"complete", "infeasible", "failed"}
    assert states.count("complete") > 30
    assert objective.trial(0, None, "why").reason == "why"
    calm = ScriptedObjective(PROBLEM, mishaps=False)
    assert {calm.trial(0, allocation).state for allocation in allocations} == {"complete"}
    assert calm.trial(0, Allocation.of((LARGE.name, 99))).state == "infeasible"


def test_objective_rises_and_then_declines() -> None:
    objective = ScriptedObjective(PROBLEM, mishaps=False)
    scores = [objective.score(Allocation.of((SMALL.name, count))) for count in (1, 4, 12, 100)]
    assert scores[0] < scores[1] < scores[2] > scores[3]
    assert objective.score(Allocation.of((LARGE.name, 4))) > scores[1]
