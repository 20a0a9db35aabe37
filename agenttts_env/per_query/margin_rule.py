"""A classic adaptive rule as a yardstick: draw until one answer leads clearly, or a cap is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from agenttts_env.allowed_actions import Mask
from agenttts_env.cost import fits
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import Observation
from agenttts_env.per_query.moves import Floats, Ints, Moves
from agenttts_env.per_query.play import Played, Policy
from agenttts_env.per_query.questions import Questions
from agenttts_env.per_query.vector_env import PerQueryVectorEnv

LEADS = (2, 3, 4, 6)
CAPS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50, 100)
"""What :func:`margin_grid` offers, unless told otherwise."""


@dataclass(frozen=True)
class StageMargin:
    """The rule of one stage: sample after sample, until the largest group leads the second by ``lead``.

    Attributes:
        model: index of the model.
        cap: the most samples; 1 is a static single sample.
        lead: in samples.
        then: index of the model that gets a single sample where the cap is reached without that lead; None accepts what
            there is.
    """

    model: int
    cap: int
    lead: int = 2
    then: int | None = None


@dataclass(frozen=True)
class MarginRule:
    """A rule for each stage, in the task's order."""

    stages: tuple[StageMargin, ...]

    def policy(self, env: PerQueryVectorEnv) -> Policy:
        """The rule as a policy over the environment's observations.

        Raises:
            InvalidInputError: the environment cannot draw one level further, or its budget may not pay for the rule.
        """
        moves = env.moves
        if moves.draws[0] != 1:
            raise InvalidInputError(f"a margin rule draws level by level, but the draws are {moves.draws}")
        dearest = sum(MarginTables.dearest(moves, stage, margin) for stage, margin in enumerate(self.stages))
        if not fits(dearest, env.problem.budget):
            raise InvalidInputError(
                f"the budget must pay for the rule's dearest case, {dearest:.6g} {env.problem.cost.unit}, but is "
                f"{env.problem.budget:.6g}"
            )
        column = {name: index for index, name in enumerate(env.observation_names)}
        stage_columns = [column[f"at {stage.name}"] for stage in env.problem.task.stages]
        first, most = column["model 0"], env.problem.levels[-1]
        models, caps, leads, others = np.array(
            [(m.model, m.cap, m.lead, -1 if m.then is None else m.then) for m in self.stages]
        ).T

        def act(observations: Observation, masks: Mask) -> Ints:
            stage = observations[:, stage_columns].argmax(axis=1)
            slots = observations[:, first : first + moves.models]
            nobody, model = ~slots.any(axis=1), slots.argmax(axis=1)
            samples = np.rint(np.expm1(observations[:, column["samples"]] * np.log1p(most)))
            ahead = observations[:, column["largest group"]] - observations[:, column["second group"]]
            leads_clearly, capped = np.rint(ahead * samples) >= leads[stage], samples >= caps[stage]
            fallen_back = (model == others[stage]) & ~nobody
            actions = np.where(
                fallen_back | leads_clearly | (capped & (others[stage] < 0)),
                moves.accept,
                np.where(capped, len(moves.draws) + others[stage], 0),
            )
            found: Ints = np.where(nobody, len(moves.draws) + models[stage], actions)
            return found

        return act

    def __str__(self) -> str:
        return " + ".join(
            f"model {m.model} x{m.cap}" + (f" or lead {m.lead}" if m.cap > 1 else "")
            + ("" if m.then is None else f", else model {m.then}")
            for m in self.stages
        )  # fmt: skip


@dataclass(frozen=True)
class RuleResult:
    """A rule, and what it reached in the mean."""

    rule: MarginRule
    score: float
    cost: float


class MarginTables:
    """What margin rules reach on questions, looked up without playing.

    Args:
        questions: which.
        moves: over the problem of the same task, with the same levels.
    """

    def __init__(self, questions: Questions, moves: Moves) -> None:
        self.questions, self.moves = questions, moves
        levels = np.array(questions.levels)
        self._leads = [np.rint((f[..., 0] - f[..., 1]) * levels).astype(np.int16) for f in questions.agreement]
        self._known: dict[tuple[int, StageMargin], tuple[Ints, Floats, Ints]] = {}

    @staticmethod
    def dearest(moves: Moves, stage: int, margin: StageMargin) -> float:
        """The most that a stage's rule may cost.

        Raises:
            InvalidInputError: it names a model or a cap that is not on offer.
        """
        problem = moves.problem
        names, levels = [model.name for model in problem.task.stages[stage].models], problem.levels
        for model in (margin.model, margin.then or 0):
            if not 0 <= model < len(names):
                raise InvalidInputError(f"a rule's model must be one of {len(names)}, but got {model}")
        if margin.then == margin.model or margin.cap not in levels or margin.lead < 1:
            raise InvalidInputError(
                f"a rule needs another model to fall back on, a cap among the levels and a lead >= 1, but got {margin}"
            )
        total, samples, cap = problem.cost_tables[stage], moves.samples[stage], levels.index(margin.cap)
        accepted = float(total[margin.model, cap])
        if margin.then is None:
            return accepted
        return max(accepted, float(samples[margin.model, cap] + total[margin.then, 0]))

    def measure(self, rule: MarginRule) -> Played:
        """What a rule reaches on every question, whatever the budget."""
        contexts, costs = self.questions.roots.astype(np.int64), np.zeros(len(self.questions))
        steps = np.zeros(len(self.questions), dtype=np.int64)
        for stage, margin in enumerate(rule.stages):
            following, paid, taken = self._stage(stage, margin)
            costs += paid[contexts]
            steps += taken[contexts]
            contexts = following[contexts]
        return Played(self.questions.scores[contexts], costs, steps)

    def front(self, grid: Sequence[Sequence[StageMargin]]) -> list[RuleResult]:
        """The rules that no cheaper or equally cheap one matches, by rising cost.

        Args:
            grid: for each stage the rules on offer; they are combined in all ways that the budget always pays for.
        """
        dearest = [
            [self.dearest(self.moves, stage, margin) for margin in offered] for stage, offered in enumerate(grid)
        ]
        least = [float(sum(min(each) for each in dearest[stage:])) for stage in range(len(grid) + 1)]
        budget = self.moves.problem.budget

        def combined(stage: int, contexts: Ints, costs: Floats, most: float) -> Iterator[RuleResult]:
            if stage == len(grid):
                yield RuleResult(MarginRule(()), float(self.questions.scores[contexts].mean()), float(costs.mean()))
                return
            for margin, worst in zip(grid[stage], dearest[stage], strict=True):
                if fits(most + worst + least[stage + 1], budget):
                    following, paid, _ = self._stage(stage, margin)
                    for rest in combined(stage + 1, following[contexts], costs + paid[contexts], most + worst):
                        yield RuleResult(MarginRule((margin, *rest.rule.stages)), rest.score, rest.cost)

        found = combined(0, self.questions.roots.astype(np.int64), np.zeros(len(self.questions)), 0.0)
        return rule_front(found)

    def _stage(self, stage: int, margin: StageMargin) -> tuple[Ints, Floats, Ints]:
        """For every context the next one, what was paid, and the decisions taken."""
        key = stage, margin
        if key not in self._known:
            self.dearest(self.moves, stage, margin)  # checks it
            levels, problem = self.questions.levels, self.moves.problem
            cap = levels.index(margin.cap)
            clear = self._leads[stage][:, margin.model, : cap + 1] >= margin.lead
            decided = clear.any(axis=1)
            stop = np.where(decided, clear.argmax(axis=1), cap)
            rows = np.arange(len(clear))
            following = self.questions.stages[stage].following[rows, margin.model, stop].astype(np.int64)
            paid, taken = problem.cost_tables[stage][margin.model][stop], stop + 2
            if margin.then is not None:
                fallen = self.moves.samples[stage][margin.model, cap] + problem.cost_tables[stage][margin.then, 0]
                other = self.questions.stages[stage].following[:, margin.then, 0]
                following, paid = np.where(decided, following, other), np.where(decided, paid, fallen)
                taken = np.where(decided, taken, taken + 1)
            self._known[key] = following, paid, taken
        return self._known[key]


def rule_front(results: Iterable[RuleResult]) -> list[RuleResult]:
    """Those that no cheaper or equally cheap one matches, by rising cost."""
    front: list[RuleResult] = []
    for result in sorted(results, key=lambda result: (result.cost, -result.score)):
        if not front or result.score > front[-1].score:
            front.append(result)
    return front


def margin_grid(
    moves: Moves,
    *,
    leads: Sequence[int] = LEADS,
    caps: Sequence[int] = CAPS,
    fall_back: bool = True,
) -> list[list[StageMargin]]:
    """For each stage rules to choose from.

    Args:
        moves: models and levels on offer; other caps are left out.
        leads: see :class:`StageMargin`.
        caps: likewise.
        fall_back: whether to offer rules that fall back on a larger model.
    """
    grid = []
    offered = [cap for cap in caps if cap in moves.problem.levels]
    for stage in moves.problem.task.stages:
        models = range(len(stage.models))
        rules = [StageMargin(model, moves.problem.levels[0]) for model in models]
        for model in models:
            for cap in offered:
                for lead in leads:
                    if 1 < lead <= cap:
                        larger = [None, *(models[model + 1 :] if fall_back else ())]
                        rules += [StageMargin(model, cap, lead, then) for then in larger]
        grid.append(rules)
    return grid
