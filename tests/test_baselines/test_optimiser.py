"""What every optimiser keeps to, bare and seeded, on problems large and tiny."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.cmaes_search import CmaEsSearcher
from agenttts_env.baselines.evolution import EvolutionSearcher
from agenttts_env.baselines.grid_search import GridSearcher
from agenttts_env.baselines.optimiser import Optimiser
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.baselines.random_search import RandomSearcher
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.model import MODELS
from agenttts_env.problem import Problem
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.testing import ScriptedObjective, check_searcher
from agenttts_env.trial import Trial

SMALL, MIDDLE, LARGE = (MODELS[name] for name in ("llama-3.2-3b", "llama-3.1-8b", "llama-3.1-70b"))
ONE = Task("one", "", (Stage("a", (SMALL, MIDDLE, LARGE), 256, 64, 64),), ("score",))
TWO = Task("two", "", (*ONE.stages, Stage("b", (SMALL, LARGE), 128, 64, 64)), ("score",))
THREE = Task("three", "", (*TWO.stages, Stage("c", (SMALL,), 512, 128, 128)), ("score",))
ALONE = Task("alone", "", (Stage("a", (SMALL,), 256, 64, 64),), ("score",))

PROBLEMS = {
    "one stage": Problem.of(ONE),
    "two stages": Problem.of(TWO),
    "three stages": Problem.of(THREE),
    "few levels": Problem.of(TWO, levels=(1, 60)),
    "few fit": Problem.of(THREE, budget=13.0),
    "one fits": Problem.of(ALONE, budget=3.0),
}

Make = Callable[..., Optimiser]
ANY: dict[str, Make] = {
    "random": RandomSearcher,
    "grid": GridSearcher,
    "evolution": EvolutionSearcher,
    "evolution-log": partial(EvolutionSearcher, steps="log", population=3),
    "tpe": partial(OptunaSearcher, sampler="tpe"),
    "gp": partial(OptunaSearcher, sampler="gp"),
    "cmaes": CmaEsSearcher,
}
LEARNERS = [name for name in ANY if name not in ("random", "grid", "gp")]  # the last is slow, and like tpe here
SLOW = {"tpe": ("one stage", "three stages", "few fit"), "gp": ("two stages",)}
NEEDS = {"tpe": ["optuna"], "gp": ["optuna", "torch", "scipy", "greenlet"], "cmaes": ["cmaes"]}


def get(name: str) -> Make:
    for module in NEEDS.get(name, []):
        pytest.importorskip(module)
    return ANY[name]


def run(
    searcher: Optimiser,
    problem: Problem,
    trials: int,
    *,
    seed: int = 0,
    score: Callable[[int], float] | None = None,
) -> list[Allocation]:
    """What is asked for, without mishaps; ``score`` gives a trial's score by its number."""
    objective = ScriptedObjective(problem, mishaps=False)
    searcher.reset(problem, trials=trials, seed=seed)
    asked = []
    for number in range(trials):
        asked.append(searcher.ask())
        trial = objective.trial(number, asked[-1])
        if score is not None:
            trial = Trial(number, asked[-1], asked[-1], "complete", trial.cost, score(number), 0.1)
        searcher.tell(trial)
    return asked


def test_some_problems_are_tiny() -> None:
    counts = {name: problem.count() for name, problem in PROBLEMS.items()}
    assert (counts["few levels"], counts["few fit"], counts["one fits"]) == (13, 3, 1)


@pytest.mark.parametrize("init_rule", [None, "paper"])
@pytest.mark.parametrize(
    ("name", "problem"), [(name, problem) for name in ANY for problem in SLOW.get(name, tuple(PROBLEMS))]
)
def test_contract(name: str, problem: str, init_rule: InitRule | None) -> None:
    make = partial(get(name), init_rule=init_rule)
    trials = 12 if name in SLOW else 16
    check_searcher(make, PROBLEMS[problem], trials=trials, within_budget=True, no_repeats=True)


@pytest.mark.parametrize("name", ANY)
def test_seeded_begins_with_the_initial_trials(name: str) -> None:
    problem = PROBLEMS["two stages"]
    initial = initial_allocations(problem, "code_head")
    asked = run(get(name)(init_rule="code_head"), problem, len(initial) + 3)
    assert asked[: len(initial)] == initial
    assert asked[len(initial) :] != run(get(name)(), problem, len(initial) + 3)[len(initial) :]


@pytest.mark.parametrize("name", LEARNERS)
def test_seeded_learns_from_the_initial_trials(name: str) -> None:
    problem = PROBLEMS["two stages"]
    count = len(initial_allocations(problem))

    def asked(best: int) -> list[Allocation]:
        make = get(name)(init_rule="paper")
        return run(make, problem, 16, score=lambda number: float(number == best) if number < count else 0.5)[count:]

    assert asked(0) == asked(0)
    assert asked(0) != asked(count - 1)


@pytest.mark.parametrize("name", ANY)
def test_seeds_differ(name: str) -> None:
    assert run(get(name)(), PROBLEMS["two stages"], 5) != run(get(name)(), PROBLEMS["two stages"], 5, seed=1)


@pytest.mark.parametrize("name", LEARNERS)
def test_learns_more_than_random_search(name: str) -> None:
    problem = PROBLEMS["three stages"]

    def best(searcher: Optimiser) -> list[float]:
        score = ScriptedObjective(problem).score
        return [max(map(score, run(searcher, problem, 40, seed=seed))) for seed in range(8)]

    assert np.mean(best(get(name)())) > np.mean(best(RandomSearcher()))


@pytest.mark.parametrize("name", [name for name in ANY if name != "gp"])
def test_everything_is_tried_once_before_anything_is_tried_again(name: str) -> None:
    problem = PROBLEMS["few levels"]
    asked = run(get(name)(), problem, 2 * problem.count())
    for turn in (asked[: problem.count()], asked[problem.count() :]):
        assert len(set(turn)) == problem.count()


def test_a_seeded_search_has_the_random_numbers_of_a_bare_one() -> None:
    problem = PROBLEMS["two stages"]
    initial = initial_allocations(problem)
    seeded = run(RandomSearcher(init_rule="paper"), problem, 20)[len(initial) :]
    bare = [allocation for allocation in run(RandomSearcher(), problem, 20) if allocation not in initial]
    assert seeded == bare[: len(seeded)]


def test_names_say_what_is_seeded() -> None:
    assert RandomSearcher().name == "random"
    assert RandomSearcher(init_rule="code_head").name == "random+init"


def test_unknown_rule() -> None:
    with pytest.raises(InvalidInputError, match=r"`init_rule` must be None or one of .*'first'"):
        RandomSearcher(init_rule="first")  # type: ignore[arg-type]
