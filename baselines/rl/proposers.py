"""How a policy of each decision problem names allocations in a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from agenttts_env.allocation import Allocation
from agenttts_env.baselines.rl.policy import Probabilities, TrainedPolicy, action_sizes, choose
from agenttts_env.baselines.rl.problems import task_of
from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.mixture.encoding import MixtureEncoding
from agenttts_env.mixture.layout import LEVELS as MIXTURE_LEVELS
from agenttts_env.problem import Problem
from agenttts_env.stagewise.budgets import BudgetRange
from agenttts_env.stagewise.episodes import Episodes
from agenttts_env.stagewise.rules import LEVELS as STAGEWISE_LEVELS
from agenttts_env.trial import Trial


class Proposer(ABC):
    """Names allocations for one search, as a policy would have in the environment that it was trained in."""

    @abstractmethod
    def look(self) -> None:
        """Ask the policy, once for every trial."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, *, first: bool) -> Allocation:
        """An allocation by the policy's probabilities; ``first`` is the search's first draw."""

    @abstractmethod
    def tell(self, trial: Trial) -> None:
        """What became of a trial."""


def make_proposer(policy: TrainedPolicy) -> Callable[[Problem, int], Proposer]:
    """What makes a proposer for a problem and a number of trials, and raises InvalidInputError if it does not fit.

    Raises:
        InvalidInputError: the policy was trained for single questions.
    """
    kind = policy.about["kind"]
    makes: dict[str, Callable[[TrainedPolicy, Problem, int], Proposer]] = {
        "search": SearchProposer,
        "stagewise": StagewiseProposer,
        "mixture": MixtureProposer,
    }
    if kind not in makes:
        raise InvalidInputError(
            f"a policy that searches must be trained for {', '.join(makes)}, but {policy.path} is for {kind}: it "
            f"decides for each question, and names no allocation"
        )
    return lambda problem, trials: makes[kind](policy, problem, trials)


class SearchProposer(Proposer):
    """A policy of ``AgentTTS/<Task>-v0``: an action is a trial, and it sees what it saw there."""

    def __init__(self, policy: TrainedPolicy, problem: Problem, trials: int) -> None:
        options = policy.about["env_options"]
        self._policy = policy
        self._problem = _with_metrics(policy, _for_task(policy, problem, options.get("levels")))
        shown = {name: options[name] for name in ("observation", "window") if name in options}
        self._env = AllocationEnv(self._problem, _Nothing(), trials=trials, **shown)
        if self._env.observation_space != policy.model.observation_space:
            _refuse(policy, f"observations of {policy.model.observation_space}", self._env.observation_space)
        if action_sizes(self._env.action_space) != action_sizes(policy.model.action_space):
            _refuse(policy, f"actions of {policy.model.action_space}", self._env.action_space)
        self._observation, _ = self._env.reset()
        self._memory = policy.start(1)
        self._probabilities: Probabilities = []

    def look(self) -> None:
        """See :class:`Proposer`."""
        self._probabilities, self._memory = self._policy.probabilities(self._observation[None], None, self._memory)

    def draw(self, rng: np.random.Generator, *, first: bool) -> Allocation:
        """See :class:`Proposer`."""
        return self._problem.decode(choose(self._probabilities, self._env.action_space, rng)[0])

    def tell(self, trial: Trial) -> None:
        """See :class:`Proposer`. A random trial between the policy's levels is shown at the next lower one."""
        self._observation, *_ = self._env.record(_on_levels(trial, self._problem.levels))


class MixtureProposer(Proposer):
    """A policy of ``AgentTTS/Mixture-v0``, on any task of up to three stages with up to three models."""

    def __init__(self, policy: TrainedPolicy, problem: Problem, trials: int) -> None:
        self._policy = policy
        levels = policy.about["env_options"].get("levels", MIXTURE_LEVELS)
        self._encoding = MixtureEncoding(problem, trials=trials, levels=levels)
        self._masks = self._encoding.action_masks()[None]
        self._trials: list[Trial] = []
        self._probabilities: Probabilities = []

    def look(self) -> None:
        """See :class:`Proposer`."""
        observation = self._encoding.observe(self._trials)
        self._probabilities, _ = self._policy.probabilities(observation[None], self._masks, None)

    def draw(self, rng: np.random.Generator, *, first: bool) -> Allocation:
        """See :class:`Proposer`."""
        return self._encoding.decode(choose(self._probabilities, self._policy.model.action_space, rng)[0])

    def tell(self, trial: Trial) -> None:
        """See :class:`Proposer`."""
        self._trials.append(trial)


class StagewiseProposer(Proposer):
    """A policy of ``AgentTTS/<Task>-Stagewise-v0``: it allocates the problem's budget, stage by stage.

    There it sees what a stage's output scores before it decides the next stage. In a search that is known from trials
    with the same first stages only; elsewhere it is shown the mean of what is known of that stage, and 0.5 before the
    first trial.
    """

    def __init__(self, policy: TrainedPolicy, problem: Problem, trials: int) -> None:
        options = policy.about["env_options"]
        self._policy = policy
        self._problem = _for_task(policy, problem, options.get("levels", STAGEWISE_LEVELS))
        self._metrics = policy.about["stage_metrics"]
        measured = [metric is not None for metric in self._metrics]
        budgets = BudgetRange.of(self._problem, self._problem.budget)
        self._episodes = Episodes(self._problem, 1, budgets, 1, measured)
        if self._episodes.view.space != policy.model.observation_space:
            _refuse(policy, f"observations of {policy.model.observation_space}", self._episodes.view.space)
        self._known: list[dict[tuple[int, ...], float]] = [{} for _ in self._metrics]

    def look(self) -> None:
        """See :class:`Proposer`."""

    def draw(self, rng: np.random.Generator, *, first: bool) -> Allocation:
        """See :class:`Proposer`; the first draw is the most probable allocation."""
        episodes, one = self._episodes, np.zeros(1, dtype=np.int64)
        episodes.begin(one)
        taken: list[int] = []
        for stage in range(episodes.rules.stages):
            observation = episodes.observe().T
            probabilities, _ = self._policy.probabilities(observation, episodes.allowed.T.copy(), None)
            action = choose(probabilities, self._policy.model.action_space, None if first else rng)
            episodes.choose(action, one)
            taken.append(int(action[0]))
            known = self._known[stage]
            guess = sum(known.values()) / len(known) if known else 0.5
            episodes.scores[stage] = known.get(tuple(taken), guess)
        return episodes.rules.allocation(taken)

    def tell(self, trial: Trial) -> None:
        """See :class:`Proposer`."""
        if trial.state != "complete" or trial.allocation is None:
            return
        rules = self._episodes.rules
        if any(choice.samples not in self._problem.levels for choice in trial.allocation.stages):
            return  # a random trial, which the policy cannot name
        actions = tuple(rules.encode(stage, choice) for stage, choice in enumerate(trial.allocation.stages))
        for stage, metric in enumerate(self._metrics):
            if metric in trial.metrics:
                self._known[stage][actions[: stage + 1]] = trial.metrics[metric]


class _Nothing:
    """An evaluator that evaluates nothing: trials are told."""

    backend = "told"

    def begin(self) -> None:
        """Nothing begins."""

    def recall(self, allocation: Allocation) -> None:
        """Nothing was drawn."""

    def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
        """Trials are never run here."""
        raise NotImplementedError(f"{allocation} was to be run, but trials are told here")

    def close(self) -> None:
        """Nothing is open."""


def _for_task(policy: TrainedPolicy, problem: Problem, levels: Sequence[int] | None) -> Problem:
    """The problem with the levels of training.

    Raises:
        InvalidInputError: it is another task's, or does not offer them all.
    """
    task = task_of(policy.about["env"])
    if problem.task.name != task:
        _refuse(policy, f"task {task!r}", problem.task.name)
    if levels is None:
        return problem
    if missing := [level for level in levels if level not in problem.levels]:
        _refuse(policy, f"sample counts {list(levels)}", f"a problem without {missing[0]}")
    return replace(problem, levels=tuple(levels))


def _with_metrics(policy: TrainedPolicy, problem: Problem) -> Problem:
    """The problem with the metrics that the policy saw: a live task may have more of them.

    Raises:
        InvalidInputError: its main metric is another one.
    """
    metrics = tuple(policy.about["metrics"])
    if problem.task.main_metric != metrics[0]:
        _refuse(policy, f"the main metric {metrics[0]!r}", problem.task.main_metric)
    return replace(problem, task=replace(problem.task, metrics=metrics, pipeline=None))


def _on_levels(trial: Trial, levels: Sequence[int]) -> Trial:
    """The trial with sample counts that are on offer: each the next lower one."""

    def lower(allocation: Allocation | None) -> Allocation | None:
        if allocation is None:
            return None
        return Allocation.of(
            *(
                (choice.model, max((level for level in levels if level <= choice.samples), default=levels[0]))
                for choice in allocation.stages
            )
        )

    return replace(trial, requested=lower(trial.requested), allocation=lower(trial.allocation))


def _refuse(policy: TrainedPolicy, needs: str, got: Any) -> NoReturn:
    raise InvalidInputError(f"the policy {policy.path} was trained for {needs}, but got {got}")
