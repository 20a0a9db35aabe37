"""The three insights of arXiv 2508.00890 as plain rules: a control for what an LLM adds to them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import permutations

import numpy as np

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.initial import InitRule, comparisons
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial, best_trial

_RUNG = 3
_FLAT_RUNGS = 2
_REFINEMENTS = 2


class InsightRulesSearcher(Searcher):
    """Follows the insights by rules; no LLM.

    1. *Models*: runs the trials of :func:`~agenttts_env.initial.comparisons`. A stage then starts from one sample of
       its smallest model that is not clearly worse than its best one: behind it by no more than the standard error of
       the difference, example by example.
    2. *Samples*: climbs a ladder of counts, each three times the one before, until two counts above the best one have
       brought nothing or the budget ends; then tries the geometric middles next to the best count, twice.
    3. *Budget*: the first ladder belongs to the stage whose comparison spread the scores most per unit of cost. Later,
       budget is shifted: one stage gives (the next smaller model, or half its samples) and another takes (the next
       larger model, or twice the samples), until a shift brings a new best.

    Shifts, ladders, ladders of the other models, and small steps start again and again from the best allocation so far.
    Where they lead to nothing new, one random feasible allocation is tried. No allocation is asked for twice before all
    have been tried.

    An insight that is switched off is replaced by what needs no insight. Ladders of the other models and small steps
    belong to none of the three, and stay.

    Args:
        init_rule: rule of the first trials.
        insight_1: off: the search starts from one random allocation, and compares nothing.
        insight_2: off: where a ladder would climb, as many random counts are tried, none of which ends it.
        insight_3: off: stages take their turns in the task's order, and no budget is shifted.
    """

    name = "insight-rules"

    def __init__(
        self,
        *,
        init_rule: InitRule = "paper",
        insight_1: bool = True,
        insight_2: bool = True,
        insight_3: bool = True,
    ) -> None:
        self.init_rule = init_rule
        self.insights = (insight_1, insight_2, insight_3)

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`. The seed decides the random allocations and counts only."""
        self._problem = problem
        self._rng = np.random.default_rng([seed, *self.name.encode()])
        self._asked: set[Allocation] = set()
        self._trials: dict[Allocation, Trial] = {}
        self._ideas = self._plan()

    def ask(self) -> Allocation:
        """The plan's next idea that is feasible and new."""
        if len(self._asked) == self._problem.count():
            self._asked.clear()
        allocation = next(idea for idea in self._ideas if idea not in self._asked and self._problem.is_feasible(idea))
        self._asked.add(allocation)
        return allocation

    def tell(self, trial: Trial) -> None:
        """Keep the trial; the plan reads its score."""
        if trial.state == "complete" and trial.requested is not None:
            self._trials[trial.requested] = trial

    def _plan(self) -> Iterator[Allocation]:
        """Everything to try, in order; each idea may depend on the trials of the ideas before it. Never ends."""
        compares, _, shifts = self.insights
        groups = comparisons(self._problem, self.init_rule) if compares else []
        for group in groups:
            yield from group
        current = self._start(groups) if compares else self._problem.sample(self._rng)
        yield current
        stages = list(range(len(current.stages)))
        if compares and shifts:
            stages.sort(key=lambda stage: -self._gain_per_cost(stage, groups[stage]))
        for stage in stages:
            yield from self._ladder(current, stage)
            current = _with(current, stage, current.stages[stage].model, self._best_count(current, stage)[0])
        while True:
            asked = len(self._asked)
            if shifts:
                yield from self._until_better(self._shifts(self._best(current)), current)
            for stage in stages:
                yield from self._ladder(self._best(current), stage)
            yield from self._until_better(self._swaps(self._best(current)), current)
            yield from self._small_steps(self._best(current))
            if len(self._asked) == asked:
                yield self._problem.sample(self._rng)

    def _until_better(self, ideas: Iterator[Allocation], current: Allocation) -> Iterator[Allocation]:
        best = self._best(current)
        for idea in ideas:
            yield idea
            if self._best(current) != best:
                return

    def _best(self, default: Allocation) -> Allocation:
        best = best_trial(list(self._trials.values()))
        return default if best is None or best.requested is None else best.requested

    # 1. Models

    def _start(self, groups: list[list[Allocation]]) -> Allocation:
        models = [self._preferred(stage, group) for stage, group in enumerate(groups)]
        lowest = self._problem.levels[0]
        return self._problem.project(Allocation(tuple(StageAllocation(model, lowest) for model in models)))

    def _preferred(self, stage: int, group: list[Allocation]) -> str:
        trials = [self._trials[allocation] for allocation in group if allocation in self._trials]
        best = best_trial(trials)
        clear = [allocation for allocation in group if best is None or not self._clearly_worse(allocation, best)]
        return clear[0].stages[stage].model

    def _clearly_worse(self, allocation: Allocation, best: Trial) -> bool:
        trial = self._trials.get(allocation)
        if trial is None:
            return True
        differences = np.subtract(best.example_scores, trial.example_scores)
        margin = differences.std(ddof=1) / math.sqrt(differences.size) if differences.size > 1 else 0.0
        return bool(differences.mean() > margin)

    def _swaps(self, best: Allocation) -> Iterator[Allocation]:
        """Ladders of all the other models, one stage at a time."""
        for stage, choice in enumerate(best.stages):
            for model in self._problem.task.stages[stage].models:
                if model.name != choice.model and self._most(best, stage, model.name):
                    yield from self._ladder(_with(best, stage, model.name, self._problem.levels[0]), stage)

    # 2. Samples

    def _ladder(self, start: Allocation, stage: int) -> Iterator[Allocation]:
        model = start.stages[stage].model
        rungs = self._rungs(self._most(start, stage, model))
        if not self.insights[1]:
            fitting = [level for level in self._problem.levels if level <= rungs[-1]]
            for level in self._rng.choice(fitting, size=min(len(rungs), len(fitting)), replace=False).tolist():
                yield _with(start, stage, model, level)
            return
        for rung in rungs:
            best, tried = self._best_count(start, stage)
            if sum(count > best for count in tried) >= _FLAT_RUNGS:
                break
            yield _with(start, stage, model, rung)
        for _ in range(_REFINEMENTS):
            best, tried = self._best_count(start, stage)
            place = bisect_left(tried, best)
            for neighbour in tried[max(place - 1, 0) : place + 2]:
                yield _with(start, stage, model, self._nearest_level(math.sqrt(best * neighbour)))

    def _rungs(self, most: int) -> list[int]:
        rungs = [self._problem.levels[0]]
        while rungs[-1] < most:
            rungs.append(min((level for level in self._problem.levels if level >= _RUNG * rungs[-1]), default=most))
        return [*(rung for rung in rungs if rung < most), most]

    def _best_count(self, start: Allocation, stage: int) -> tuple[int, list[int]]:
        """Along the sample counts of a stage, all else as in ``start``: the best one, and all that were tried."""
        choice = start.stages[stage]
        line = [a for a in self._asked if a == _with(start, stage, choice.model, a.stages[stage].samples)]
        best = best_trial([self._trials[allocation] for allocation in line if allocation in self._trials])
        samples = choice.samples if best is None or best.requested is None else best.requested.stages[stage].samples
        return samples, sorted(allocation.stages[stage].samples for allocation in line)

    def _most(self, allocation: Allocation, stage: int, model: str) -> int:
        """The highest level of a model at a stage beside what the others have; 0 if none fits."""
        levels = self._problem.levels
        return max(
            (level for level in levels if self._problem.is_feasible(_with(allocation, stage, model, level))), default=0
        )

    def _nearest_level(self, count: float) -> int:
        return min(self._problem.levels, key=lambda level: abs(math.log(level / count)))

    # 3. Budget

    def _gain_per_cost(self, stage: int, group: list[Allocation]) -> float:
        scores = [self._trials[allocation].score or 0.0 for allocation in group if allocation in self._trials]
        spec = self._problem.task.stages[stage]
        choices = [allocation.stages[stage] for allocation in group]
        cost = max(self._problem.cost.stage_cost(spec, spec.model(c.model), c.samples) for c in choices)
        extra = cost - float(self._problem.cost_tables[stage].min())
        return (max(scores) - min(scores)) / extra if scores and extra > 0 else 0.0

    def _shifts(self, best: Allocation) -> Iterator[Allocation]:
        for giver, taker in permutations(range(len(best.stages)), 2):
            for left in self._cheaper(best, giver):
                yield from self._dearer(left, taker)

    def _cheaper(self, allocation: Allocation, stage: int) -> Iterator[Allocation]:
        choice = allocation.stages[stage]
        for smaller in self._other_model(allocation, stage, -1):
            yield _with(allocation, stage, smaller, choice.samples)
        yield _with(allocation, stage, choice.model, self._nearest_level(choice.samples / 2))

    def _dearer(self, allocation: Allocation, stage: int) -> Iterator[Allocation]:
        choice = allocation.stages[stage]
        for larger in self._other_model(allocation, stage, +1):
            yield from self._at_most(allocation, stage, larger, self._problem.levels[-1])
        yield from self._at_most(allocation, stage, choice.model, self._nearest_level(2 * choice.samples))

    def _at_most(self, allocation: Allocation, stage: int, model: str, samples: int) -> list[Allocation]:
        """The allocation with so many samples of a model at a stage, or with as many as fit; none if not one fits."""
        fitting = min(samples, self._most(allocation, stage, model))
        return [_with(allocation, stage, model, fitting)] if fitting else []

    def _small_steps(self, best: Allocation) -> Iterator[Allocation]:
        levels = self._problem.levels
        for stage, choice in enumerate(best.stages):
            place = levels.index(choice.samples)
            quarters = [self._nearest_level(choice.samples * factor) for factor in (0.8, 1.25)]
            for level in (*levels[max(place - 1, 0) : place + 2], *quarters):
                yield _with(best, stage, choice.model, level)
            for step in (-1, +1):
                for model in self._other_model(best, stage, step):
                    yield _with(best, stage, model, choice.samples)

    def _other_model(self, allocation: Allocation, stage: int, step: int) -> list[str]:
        """The model one size up or down, if there is one."""
        names = [model.name for model in self._problem.task.stages[stage].models]
        place = names.index(allocation.stages[stage].model) + step
        return names[place : place + 1] if place >= 0 else []


def _with(allocation: Allocation, stage: int, model: str, samples: int) -> Allocation:
    stages = list(allocation.stages)
    stages[stage] = StageAllocation(model, samples)
    return Allocation(tuple(stages))
