"""The first trials of a search by Insight 1: compare a stage's models at equal cost, one stage at a time."""

from __future__ import annotations

import math
from typing import Literal, get_args

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.cost import fits, most_samples
from agenttts_env.errors import InvalidInputError
from agenttts_env.model import Model
from agenttts_env.problem import Problem

InitRule = Literal["paper", "code_head", "code_first"]
"""``paper``: what arXiv 2508.00890 describes. ``code_head``: what its released code does. ``code_first``: what that
code's first version did. See :func:`comparisons`."""

SEEDED = "+init"
"""How the name of a searcher ends that begins with these trials where it need not."""

CODE_HEAD_MOST_SAMPLES = 60

CODE_FIRST_SHARES = {
    "2wikimultihopqa": (0.85, 0.15),
    "hotpotqa": (0.85, 0.15),
    "cwq": (0.78, 0.22),
    "webqsp": (0.78, 0.22),
    "taskbench": (0.2, 0.24, 0.56),
    "chatdev": (0.42, 0.32, 0.26),
}
"""By task the share of the budget that each stage has under ``code_first``. No other task has shares."""


def initial_allocations(problem: Problem, rule: InitRule = "paper") -> list[Allocation]:
    """All trials of :func:`comparisons`, stage by stage, each once.

    The released code runs the largest model of every stage once per stage; here a repeat is dropped, because it would
    cost a trial and show nothing. All are feasible and on offer, and there is at least one.

    Raises:
        InvalidInputError: there is no such rule.
    """
    return list(dict.fromkeys(allocation for group in comparisons(problem, rule) for allocation in group))


def comparisons(problem: Problem, rule: InitRule = "paper") -> list[list[Allocation]]:
    """For every stage the trials that compare its models, smallest first.

    *One sample* means the lowest level of the problem. A sample count is the highest level that the comparison's cost
    pays. Models that it does not pay one sample of are left out.

    ``paper``: a stage compares at the cost of one sample of its largest model that leaves room for the cheapest model
    at every other stage. The other stages have their largest model, one sample each; where that is over budget, the
    dearest of them steps down to its next smaller (and cheaper) model, as often as is needed. Only the levels cap the
    sample counts.

    ``code_head``: a stage compares at the cost of one sample of its largest model, or at what the cheapest models
    elsewhere leave of the budget if that is less; no count exceeds 60. The other stages all have their largest model if
    strictly more than their cost is left, and all their cheapest model otherwise: no sizes in between.

    ``code_first``: every stage has a fixed share of the budget (:data:`CODE_FIRST_SHARES`), at which it compares; a
    model of which the share does not pay one sample has one all the same. Another stage has its largest model if its
    own share pays that, else its second largest; one sample each. Only the levels cap the sample counts. The rule does
    not heed the budget: trials over it are left out here, and where a stage would be left without any, its first one is
    shrunk until it fits (:meth:`~agenttts_env.problem.Problem.project`).

    Raises:
        InvalidInputError: there is no such rule, or it has no shares for this task.
    """
    if rule not in get_args(InitRule):
        raise InvalidInputError(f"`init_rule` must be one of {get_args(InitRule)}, but got {rule!r}")
    compare = {"paper": _paper, "code_head": _code_head, "code_first": _code_first}[rule]
    return [compare(problem, stage) for stage in range(len(problem.task.stages))]


def _paper(problem: Problem, stage: int) -> list[Allocation]:
    others = [index for index in range(len(problem.task.stages)) if index != stage]
    least = math.fsum(_one_sample(problem, index, _ladder(problem, index)[-1]) for index in others)
    compared = next(
        cost
        for model in _ladder(problem, stage)
        if fits((cost := _one_sample(problem, stage, model)) + least, problem.budget)
    )
    ladders = {index: _ladder(problem, index) for index in others}
    while not fits(compared + _cost_of_tops(problem, ladders), problem.budget):
        can_step = [index for index in others if len(ladders[index]) > 1]
        dearest = max(can_step, key=lambda index: _one_sample(problem, index, ladders[index][0]))
        ladders[dearest] = ladders[dearest][1:]
    fixed = {index: ladder[0] for index, ladder in ladders.items()}
    return _compare(problem, stage, compared, fixed, problem.levels[-1])


def _code_head(problem: Problem, stage: int) -> list[Allocation]:
    others = [index for index in range(len(problem.task.stages)) if index != stage]
    largest = {index: problem.task.stages[index].models[-1] for index in others}
    cheapest = {index: _ladder(problem, index)[-1] for index in others}
    low = math.fsum(_one_sample(problem, index, model) for index, model in cheapest.items())
    high = math.fsum(_one_sample(problem, index, model) for index, model in largest.items())
    compared = min(_one_sample(problem, stage, problem.task.stages[stage].models[-1]), problem.budget - low)
    strictly_more = not fits(problem.budget - compared, high)
    return _compare(problem, stage, compared, largest if strictly_more else cheapest, CODE_HEAD_MOST_SAMPLES)


def _code_first(problem: Problem, stage: int) -> list[Allocation]:
    stages, name = problem.task.stages, problem.task.name
    shares = CODE_FIRST_SHARES.get(name, ())
    if len(shares) != len(stages):
        raise InvalidInputError(
            f"`init_rule` code_first has shares of the budget for {', '.join(CODE_FIRST_SHARES)}, but got task {name!r}"
            f" with {len(stages)} stages"
        )
    fixed = {}
    for index, (spec, share) in enumerate(zip(stages, shares, strict=True)):
        paid = fits(_one_sample(problem, index, spec.models[-1]), share * problem.budget)
        fixed[index] = spec.models[-1] if paid else spec.models[-2:][0]
    compared = shares[stage] * problem.budget
    group = _compare(problem, stage, compared, fixed, problem.levels[-1], at_least_one=True)
    return [allocation for allocation in group if problem.is_feasible(allocation)] or [problem.project(group[0])]


def _compare(
    problem: Problem,
    stage: int,
    compared: float,
    fixed: dict[int, Model],
    limit: int,
    *,
    at_least_one: bool = False,
) -> list[Allocation]:
    """Every model of a stage at the samples that ``compared`` pays, one sample of the fixed models elsewhere."""
    spec = problem.task.stages[stage]
    choices = {index: StageAllocation(model.name, problem.levels[0]) for index, model in fixed.items()}
    allocations = []
    for model in spec.models:
        most = most_samples(problem.cost, spec, model, compared, limit=limit)
        level = max(
            (level for level in problem.levels if level <= most), default=problem.levels[0] if at_least_one else None
        )
        if level is not None:
            choices[stage] = StageAllocation(model.name, level)
            allocations.append(Allocation(tuple(choices[index] for index in range(len(problem.task.stages)))))
    return allocations


def _ladder(problem: Problem, stage: int) -> list[Model]:
    """The models of a stage from the largest down to the cheapest, without those that save nothing."""
    ladder: list[Model] = []
    for model in reversed(problem.task.stages[stage].models):
        if not ladder or _one_sample(problem, stage, model) < _one_sample(problem, stage, ladder[-1]):
            ladder.append(model)
    return ladder


def _one_sample(problem: Problem, stage: int, model: Model) -> float:
    return problem.cost.stage_cost(problem.task.stages[stage], model, problem.levels[0])


def _cost_of_tops(problem: Problem, ladders: dict[int, list[Model]]) -> float:
    return math.fsum(_one_sample(problem, index, ladder[0]) for index, ladder in ladders.items())
