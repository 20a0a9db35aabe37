"""Centaur: CMA-ES and an LLM take turns, and CMA-ES learns from both."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher, at_least
from agenttts_env.agents.prompts import best_line, describe, make_prompt, request, table, with_rejections
from agenttts_env.agents.proposals import Proposal
from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.engines.base import Prompt
from agenttts_env.errors import MissingExtraError
from agenttts_env.initial import InitRule
from agenttts_env.problem import Problem
from agenttts_env.trial import Trial, best_trial

if TYPE_CHECKING:
    import cmaes

Vector = npt.NDArray[np.float64]

_SIGMA = 1 / 6
_MOST_REPEATS = 100
_PENALTY = 1.0  # of a failed or infeasible trial; a completed one has minus its score, which is 0 at most
_TOP = 5
_RECENT = 20


class CentaurSearcher(LLMSearcher):
    """The hybrid of arXiv 2603.24647: CMA-ES proposes, and after a warm-up the LLM overrides every third proposal.

    CMA-ES searches a unit box with two numbers for each stage, the model's place and the logarithm of the sample count
    (:class:`UnitBox`), from its middle, or seeded from the best initial trial, with a deviation of a sixth of the box.
    In its turns the LLM sees what CMA-ES knows (mean, deviation, covariance), what it would try next, the five best and
    the last 20 trials, and names one allocation, which takes the place of CMA-ES's own in the generation. CMA-ES is
    told every result; a failed or infeasible one is worse than any other. A turn in which the LLM names nothing valid
    costs its trial: CMA-ES does not step in.

    What a point over budget stands for is :meth:`~agenttts_env.problem.Problem.project` of it, for CMA-ES and for the
    LLM alike. A point of CMA-ES whose allocation was tried before joins the generation with its known score and takes
    no trial; after a hundred in a row CMA-ES starts again around a random allocation.

    What is different: the published code runs CMA-ES through Optuna; here it is the package below Optuna's sampler,
    begun as the sampler does by default. The rules for points over budget and for repeats are ours, as there are
    neither there. There, values out of bounds are clamped, missing ones take defaults, and the prompt lacks the mean.

    Args:
        llm: who takes turns.
        warm_up: how many trials come before the LLM's first interval; the initial ones count.
        every: after the warm-up, the last of so many trials is the LLM's.
        retries: see :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.
        init_rule: see there.

    Raises:
        InvalidInputError: an option is out of its range.
        MissingExtraError: ``cmaes`` is not installed.
    """

    name = "centaur"
    _pending: Vector | None  # where CMA-ES is told that the trial was; None where it is told nothing

    def __init__(
        self,
        llm: AgentLLM,
        *,
        warm_up: int = 10,
        every: int = 3,
        retries: int = 3,
        init_rule: InitRule | None = None,
    ) -> None:
        if importlib.util.find_spec("cmaes") is None:
            raise MissingExtraError("cmaes", "baselines")
        super().__init__(llm, init_rule=init_rule, batch=1, retries=retries)
        at_least("warm_up", warm_up, 0)
        at_least("every", every, 1)
        self.warm_up = warm_up
        self.every = every

    def tell(self, trial: Trial) -> None:
        """Take the trial into the history, and into the generation of CMA-ES."""
        super().tell(trial)
        if trial.requested is not None:
            self._scores[trial.requested] = trial.score
            if self._pending is not None:
                self._join(self._pending, trial.score)
        self._pending = None

    def _start(self) -> None:
        self._box = UnitBox(self._problem)
        self._scores: dict[Allocation, float | None] = {}
        self._distribution: cmaes.CMA | None = None
        self._generation: list[tuple[Vector, float]] = []
        self._pending = None

    def _next(self) -> list[Allocation]:
        if self._distribution is None:
            best = best_trial(self._trials)
            self._restart(None if best is None else best.allocation)
        suggested = self._suggest()
        number = len(self._trials)
        if number >= self.warm_up and (number - self.warm_up + 1) % self.every == 0:
            chosen = self._override(suggested)
            self._pending = self._box.vector(chosen)
            return [chosen]
        return [suggested]

    def _suggest(self) -> Allocation:
        """The next allocation of CMA-ES that was not tried before; it is left pending."""
        assert self._distribution is not None
        for _ in range(_MOST_REPEATS):
            vector = self._distribution.ask()
            allocation = self._problem.project(self._box.allocation(vector))
            if allocation not in self._scores:
                break
            self._join(vector, self._scores[allocation])
        else:
            allocation = self._problem.sample(self._rng)
            self._restart(allocation)
            vector = self._box.vector(allocation)
        self._pending = vector
        return allocation

    def _override(self, suggested: Allocation) -> Allocation:
        """The LLM's allocation."""
        self._pending = None
        prompt = self._prompt(suggested)
        rejected: list[Proposal] = []
        last: list[Proposal] = []
        for _ in range(1 + self.retries):
            last = self._draw(with_rejections(prompt, last))
            for proposal in last:
                if proposal.allocation is not None and proposal.kind in ("new", "over budget"):
                    repaired = self._problem.project(proposal.allocation)
                    if repaired not in self._tried:
                        return repaired
            rejected += last
        return self._problem.project(self._unusable(rejected))

    def _prompt(self, suggested: Allocation) -> Prompt:
        complete = sorted(
            (trial for trial in self._trials if trial.score is not None),
            key=lambda trial: (-(trial.score or 0.0), trial.cost or 0.0, trial.number),
        )
        asked = "Follow the optimiser, or depart from it where you know better."
        return make_prompt(
            describe(self._problem),
            table("Best trials", complete[:_TOP]),
            table("Last trials", self._trials[-_RECENT:]),
            best_line(self._problem, complete),
            self._state(),
            f"Its next allocation would be: {suggested}",
            f"{asked} {request(self._problem, 1)}",
        )

    def _state(self) -> str:
        distribution = self._distribution
        assert distribution is not None
        mean = ", ".join(f"{name} {value:.2f}" for name, value in zip(self._box.names, distribution.mean, strict=True))
        # The package has no public name for these two.
        rows = "\n".join(" ".join(f"{value:.2f}" for value in row) for row in distribution._C)
        return (
            "The optimiser CMA-ES searches beside you. It knows a stage by its model (from 0, the smallest, to 1, the "
            "largest) and by its samples (from 0, the lowest count, to 1, the highest, on a log scale).\n"
            f"Mean of its distribution: {mean}\nStep size: {distribution._sigma:.3f}\n"
            f"Covariance, in the same order:\n{rows}"
        )

    def _join(self, vector: Vector, score: float | None) -> None:
        assert self._distribution is not None
        self._generation.append((vector, _PENALTY if score is None else -score))
        if len(self._generation) == self._distribution.population_size:
            self._distribution.tell(self._generation)
            self._generation = []

    def _restart(self, centre: Allocation | None) -> None:
        """Begin around an allocation, or in the middle of the box."""
        import cmaes

        size = len(self._box.names)
        self._distribution = cmaes.CMA(
            mean=np.full(size, 0.5) if centre is None else self._box.vector(centre),
            sigma=_SIGMA,
            bounds=np.array([[0.0, 1.0]] * size),
            seed=int(self._rng.integers(2**32)),
        )
        self._generation = []


class UnitBox:
    """Allocations as points of a box: for each stage the model's place, smallest first, and the log of its samples.

    Models share the width of their entry equally; a stage with a single model has no such entry.

    Attributes:
        names: of the entries.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._log_levels = np.log(problem.levels)
        self._sizes = [len(stage.models) for stage in problem.task.stages]
        self.names = [
            f"{stage.name} {what}"
            for stage in problem.task.stages
            for what in ("model", "samples")
            if what == "samples" or len(stage.models) > 1
        ]

    def allocation(self, vector: Vector) -> Allocation:
        """What a point stands for; it may be over budget."""
        entries = iter(vector.tolist())
        low, high = self._log_levels[0], self._log_levels[-1]
        choices = []
        for stage, size in zip(self._problem.task.stages, self._sizes, strict=True):
            model = min(int(next(entries) * size), size - 1) if size > 1 else 0
            level = int(np.argmin(np.abs(self._log_levels - (low + next(entries) * (high - low)))))
            choices.append(StageAllocation(stage.models[model].name, self._problem.levels[level]))
        return Allocation(tuple(choices))

    def vector(self, allocation: Allocation) -> Vector:
        """The point in the middle of those that stand for an allocation's models, at its sample counts."""
        low, high = self._log_levels[0], self._log_levels[-1]
        entries = []
        for stage, choice, size in zip(self._problem.task.stages, allocation.stages, self._sizes, strict=True):
            if size > 1:
                entries.append((stage.models.index(stage.model(choice.model)) + 0.5) / size)
            log = self._log_levels[self._problem.levels.index(choice.samples)]
            entries.append((log - low) / (high - low) if high > low else 0.0)
        return np.array(entries)
