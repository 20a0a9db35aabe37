"""What can be done next in an episode, where it leads and what it costs: all that does not depend on the question."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from agenttts_env.cost import Cost, get_cost
from agenttts_env.errors import InvalidInputError
from agenttts_env.problem import Problem, default_budget
from agenttts_env.task import Task

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DRAWS = (1, 2, 4, 8, 16)
"""How many levels further a draw goes; samples, where all sample counts are levels."""

ROOM = 1.5
"""How much more a single question may cost by default than the task's own budget, which is one for the mean: hard
questions are to have what easy ones save. One sample of the largest model at every stage leaves no room for others."""

MOST_MODELS = 6
"""A stage has so many models at most: states count which of them were given up."""


def per_query_problem(
    task: Task, *, cost: str = "flops", budget: float | None = None, levels: Sequence[int]
) -> Problem:
    """The problem whose costs and budget questions are decided with.

    Args:
        task: stages and models.
        cost: by name; not ``paper``.
        budget: the most that a question may cost. By default :data:`ROOM` times the task's own, see
            :func:`agenttts_env.problem.default_budget`; or, where that leaves nothing to decide, what the dearest
            static allocation costs.
        levels: the sample counts that can be accepted.

    Raises:
        InvalidInputError: the cost is not additive over models, or the budget is not positive, or does not pay for the
            cheapest allocation.
    """
    named = get_cost(cost)
    _check_adds_up(named)
    offered = tuple(levels)
    if budget is None:
        problem = Problem(task, named, default_budget(task, named), offered)
        more = problem.dearest_cost if problem.count() == 1 else ROOM * problem.budget
        problem = replace(problem, budget=more)
    else:
        problem = Problem(task, named, budget, offered)
    if not problem.budget > 0:
        raise InvalidInputError(f"`budget` must be > 0, as costs are shares of it, but got {problem.budget}")
    return problem


def _check_adds_up(cost: Cost) -> None:
    """Check that to use another model as well costs what it costs.

    Raises:
        InvalidInputError: it is the paper's, which subtracts the base task's prompt for every model and stage.
    """
    if cost.name == "paper":
        raise InvalidInputError(
            "`cost` must add up over the models that a stage uses, as 'flops' and 'usd' do, but got 'paper': its unit "
            "gives every model at every stage a part for free, which a policy could collect by switching"
        )


class Moves:
    """The states of an episode but for the question, and what each action does there.

    A state is a stage, the models that were given up there, the current model (or none yet) and its number of samples;
    the last state is the end. Actions are, in this order, the ``draws``, the models (switch to one and draw its first
    samples, as many as the first level has), and to accept. An episode's cost so far is its *base* (stages that were
    accepted, models that were given up) and what the current model's samples cost; a fusing call is paid on acceptance.

    All arrays are flat over (state, action) or over states; money is in the problem's unit.

    Args:
        problem: see :func:`per_query_problem`.
        draws: how many levels further each draw goes, ascending.

    Attributes:
        actions: how many there are.
        accept: the last action.
        end: the last state.
        leads: state after an action.
        gains: what an action adds to the base.
        needs: the least that the base grows until the end if an action is taken now; infinite where it cannot be taken.
            The action is allowed where the budget pays for that.
        start: state in which a stage begins; shape (stages,).
        stage: of a state; the number of stages at the end.
        model: of a state; -1 where there is none.
        level: index of the state's number of samples among the levels.
        drawn: what the current model's samples cost.
        least: the least of ``needs`` over actions.
        given_up: whether each model was, at this stage; shape (states, models).
        samples: for each stage what samples cost without fusing; shape (models, levels).

    Raises:
        InvalidInputError: the draws are not ascending integers >= 1, a stage has too many models, or the cost is the
            paper's.
    """

    def __init__(self, problem: Problem, draws: Sequence[int] = DRAWS) -> None:
        self.draws = tuple(int(draw) for draw in draws)
        if not self.draws or self.draws[0] < 1 or any(b <= a for a, b in pairwise(self.draws)):
            raise InvalidInputError(f"`draws` must be ascending integers >= 1, but got {tuple(draws)}")
        _check_adds_up(problem.cost)
        stages, levels = problem.task.stages, problem.levels
        self.problem = problem
        self.models = max(len(stage.models) for stage in stages)
        if self.models > MOST_MODELS:
            raise InvalidInputError(
                f"a stage may have {MOST_MODELS} models, but one of task {problem.task.name!r} has {self.models}"
            )
        self.actions = len(self.draws) + self.models + 1
        self.accept = self.actions - 1
        self._shape = (len(stages), 2**self.models, self.models + 1, len(levels))
        self.end = math.prod(self._shape)
        states = self.end + 1
        self.start = np.arange(len(stages)) * math.prod(self._shape[1:])
        stage, given_up, current, level = np.unravel_index(np.arange(self.end), self._shape)
        self.stage = np.append(stage, len(stages))
        self.model = np.append(current - 1, -1)
        self.level = np.append(level, 0)
        self.given_up = np.append(given_up, 0)[:, None] >> np.arange(self.models) & 1 == 1
        self.drawn = np.zeros(states)
        leads = np.full((states, self.actions), self.end, dtype=np.int64)
        gains = np.zeros((states, self.actions))
        needs = np.full((states, self.actions), np.inf)
        needs[self.end] = -np.inf  # nothing is refused where nothing counts
        self.samples = tuple(
            np.array(
                [
                    [problem.cost.stage_cost(replace(stage, fusion="vote"), model, samples) for samples in levels]
                    for model in stage.models
                ]
            )
            for stage in stages
        )
        later = 0.0
        for index in reversed(range(len(stages))):
            for gone in range(2**self.models):
                for now in range(-1, len(stages[index].models)):
                    if now < 0 or not gone >> now & 1:
                        self._fill(index, gone, now, later, leads, gains, needs)
            later += float(problem.cost_tables[index].min())
        self.leads, self.gains, self.needs = leads.ravel(), gains.ravel(), needs.ravel()
        self.least = np.append(needs[:-1].min(axis=1), 0.0)

    def state(self, stage: int, gone: int, model: int, level: int) -> int:
        """The number of a state; ``gone`` has a bit for each model that was given up, and model -1 is none."""
        return int(np.ravel_multi_index((stage, gone, model + 1, level), self._shape))

    def describe(self, stage: int, action: int) -> str:
        """An action in words."""
        if action < len(self.draws):
            return f"draw {self.draws[action]} level{'s' if self.draws[action] > 1 else ''} further"
        if action == self.accept:
            return "accept"
        models = self.problem.task.stages[stage].models
        slot = action - len(self.draws)
        return f"switch to {models[slot].name}" if slot < len(models) else "switch to a model that the stage lacks"

    def nearest(self, actions: Ints, allowed: npt.NDArray[np.bool_]) -> Ints:
        """The allowed actions nearest to some: an allowed one itself; else to accept; else the first allowed one.

        So who asks for more than there is takes what there is, and who has nothing yet begins with the first model.

        Args:
            actions: what was asked for; shape (n,).
            allowed: which actions are; shape (actions, n).
        """
        instead = np.where(allowed[self.accept], self.accept, allowed.argmax(axis=0))
        nearest: Ints = np.where(allowed[actions, np.arange(len(actions))], actions, instead)
        return nearest

    def _fill(self, stage: int, gone: int, model: int, later: float, leads: Ints, gains: Floats, needs: Floats) -> None:
        """Write what can be done in the states of a stage with these models given up and this model, at all levels."""
        total, samples = self.problem.cost_tables[stage], self.samples[stage]
        levels = total.shape[1] if model >= 0 else 1
        rows = slice(first := self.state(stage, gone, model, 0), first + levels)
        paid = np.zeros(1)
        if model >= 0:
            paid = self.drawn[rows] = samples[model]
            leads[rows, self.accept] = self.start[stage + 1] if stage + 1 < len(self.start) else self.end
            gains[rows, self.accept] = total[model]
            needs[rows, self.accept] = total[model] + later
            for action, draw in enumerate(self.draws):
                from_, to = slice(first, first + max(levels - draw, 0)), np.arange(draw, levels)
                leads[from_, action] = first + to
                needs[from_, action] = self._to_end(stage, gone, model)[to] + later
        after = gone | 1 << model if model >= 0 else gone
        for other in range(len(total)):
            if not after >> other & 1:
                action = len(self.draws) + other
                leads[rows, action] = self.state(stage, after, other, 0)
                gains[rows, action] = paid
                needs[rows, action] = paid + self._to_end(stage, after, other)[0] + later

    def _to_end(self, stage: int, gone: int, model: int) -> Floats:
        """The least that the base grows until the stage is accepted, at each level of the model.

        The model's samples are accepted, or given up for another model's first ones: to draw more first costs more.
        """
        total, samples = self.problem.cost_tables[stage], self.samples[stage]
        others = [total[other, 0] for other in range(len(total)) if not (gone | 1 << model) >> other & 1]
        least: Floats = np.minimum(total[model], samples[model] + min(others, default=np.inf))
        return least
