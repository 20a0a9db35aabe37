"""Many simulated searches at once, in arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import lt
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from agenttts_env.cost import with_slack
from agenttts_env.env import Infeasible, check_episode, resolve
from agenttts_env.errors import InfeasibleError, InvalidInputError
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.observation import (
    COST_SHARE_LIMIT,
    WINDOW,
    Observation,
    ObservationKind,
    budget_share,
    check_observation,
    highest_indices,
    make_memory,
    observation_names,
    observation_space,
)
from agenttts_env.problem import Problem
from agenttts_env.simulation.bitboards import Bitboards

Actions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

VECTOR_REWARDS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "improvement": lambda score, best: np.maximum(0.0, score - best),
    "score": lambda score, best: score,
    "best": np.maximum,
}
"""What :data:`agenttts_env.env.REWARDS` says, for arrays."""


class AllocationVectorEnv(VectorEnv[Observation, Actions, npt.NDArray[Any]]):
    """Many searches in a simulation at once.

    Every sub-environment does, step for step and bit for bit, what an :class:`~agenttts_env.env.AllocationEnv` over a
    :class:`~agenttts_env.evaluators.simulated.SimulatedEvaluator` does: actions, observations, rewards and infos are
    described there, and batched as Gymnasium's ``SyncVectorEnv`` batches them. They keep no trials: ledgers, standard
    errors and scores per example are the single environment's.

    Args:
        problems: one for each sub-environment; they differ in their budgets at most.
        evaluators: one for each sub-environment; their data sets differ in seed and split at most.
        trials: length of an episode.
        reward: a name in :data:`~agenttts_env.env.REWARDS`.
        infeasible: see :class:`~agenttts_env.env.AllocationEnv`. ``project`` is slow, as it takes one allocation over
            budget after the other; ``raise`` raises for the first one, and no sub-environment takes the step.
        penalty: of an infeasible trial.
        observation: see :class:`~agenttts_env.env.AllocationEnv`.
        window: likewise.
        autoreset_mode: of Gymnasium's ``AutoresetMode``: when a sub-environment whose episode has ended begins another.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        problems: Sequence[Problem],
        evaluators: Sequence[SimulatedEvaluator],
        *,
        trials: int = 50,
        reward: str = "improvement",
        infeasible: Infeasible = "penalise",
        penalty: float = 0.1,
        observation: ObservationKind = "trial",
        window: int = WINDOW,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        check_episode(trials=trials, reward=reward, infeasible=infeasible, penalty=penalty)
        check_observation(observation, window)
        _check_alike(problems, evaluators)
        problem = problems[0]
        self.problems = tuple(problems)
        self.evaluators = tuple(evaluators)
        self.max_trials = trials
        self.reward = reward
        self.infeasible = infeasible
        self.penalty = penalty
        self.observation = observation
        self.window = window
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.num_envs = len(problems)
        self.single_action_space = gym.spaces.MultiDiscrete(problem.nvec)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.single_observation_space = observation_space(problem, observation, window)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

        datasets = [evaluator.dataset for evaluator in evaluators]
        distinct = {(dataset.seed, dataset.split): dataset for dataset in datasets}
        position = {key: number for number, key in enumerate(distinct)}
        self._boards = Bitboards(list(distinct.values()), evaluators[0].models, problem.levels)
        self._offsets = self._boards.offsets(np.array([position[each.seed, each.split] for each in datasets]))
        self._costs = [table.ravel() for table in problem.cost_tables]
        self._limits = np.array([with_slack(problem.budget) for problem in problems])
        self._cheapest = problem.cheapest_cost
        room = np.array([problem.budget - problem.cheapest_cost for problem in problems])
        self._without_room = np.flatnonzero(room <= 0)
        self._room = np.where(room > 0, room, 1.0)
        self._nvec = problem.nvec.tolist()
        # For each entry of an action its share of an observation, by index.
        self._shares = [
            (np.arange(count) / highest).astype(np.float32)
            for count, highest in zip(self._nvec, highest_indices(problem), strict=True)
        ]
        self._all = fixed(np.ones(self.num_envs, dtype=np.bool_))
        self._backends = fixed(np.full(self.num_envs, evaluators[0].backend, dtype=object))

        self._started = False
        self._count = np.zeros(self.num_envs, dtype=np.int64)
        self._best_score = np.zeros(self.num_envs)
        self._done = np.zeros(self.num_envs, dtype=np.bool_)
        # Transposed, as all arrays in here: long rows make fast loops.
        self._observations = np.zeros((len(observation_names(problem)), self.num_envs), dtype=np.float32)
        self._memory = make_memory(problem, observation, window, trials, self.num_envs)
        self._shown = self._observations if self._memory is None else self._memory.rows
        self._observations[0] = [budget_share(problem) for problem in problems]

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of a sub-environment's observation is."""
        return observation_names(self.problems[0], self.observation, self.window)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start other searches.

        Args:
            seed: changes nothing, as for a single environment; an int, or one for each sub-environment.
            options: ``{"reset_mask": …}``, boolean, shape (num_envs,), restarts these sub-environments only.

        Raises:
            InvalidInputError: the seeds or the mask have another length or type.
        """
        if isinstance(seed, Sequence):
            if len(seed) != self.num_envs:
                raise InvalidInputError(f"need a seed for each of {self.num_envs} sub-environments, but got {seed}")
            seed = seed[0]
        super().reset(seed=seed)
        mask = read_reset_mask(options, self.num_envs)
        if not self._started and not mask.all():
            raise gym.error.ResetNeeded("call reset() for all sub-environments before resetting some")
        self._started = True
        self._restart(mask)
        return self._shown.copy().T, self._where_from(mask)

    def step(
        self, actions: Actions
    ) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], dict[str, Any]]:
        """Run one trial in every sub-environment.

        Raises:
            InvalidInputError: the actions are not in the action space.
            InfeasibleError: over budget, with ``infeasible="raise"``.
        """
        some_done = np.count_nonzero(self._done) > 0
        if not self._started or (some_done and self.autoreset_mode is AutoresetMode.DISABLED):
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        anew = self._done if some_done else None  # these begin another episode instead of taking a step
        entries = read_actions(actions, self.num_envs, self._nvec)
        choices, costs = self._look_up(entries)
        feasible = costs <= self._limits
        projected = np.zeros(self.num_envs, dtype=np.bool_)
        if self.infeasible != "penalise":
            projected = ~feasible if anew is None else ~(feasible | anew)
            if np.count_nonzero(projected):
                self._project(entries, projected)
                choices, costs = self._look_up(entries)
                feasible |= projected
        if anew is not None:
            feasible &= ~anew
        metrics = self._metrics(choices, feasible)

        scores = metrics[0]
        rewards = np.where(feasible, VECTOR_REWARDS[self.reward](scores, self._best_score), -self.penalty)
        np.maximum(self._best_score, scores, out=self._best_score)
        self._count += 1
        self._done = self._count >= self.max_trials
        self._observe(entries, metrics, costs, feasible)
        took = self._all
        if anew is not None:
            took = ~anew
            self._restart(anew)
            rewards[anew] = costs[anew] = 0.0
        terminations = self._done.copy()
        infos = _infos(took, costs, scores, feasible, projected)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and np.count_nonzero(terminations):
            infos = self._finish(infos)
        infos |= self._where_from(self._all)
        return self._shown.copy().T, rewards, terminations, np.zeros(self.num_envs, dtype=np.bool_), infos

    def _look_up(self, entries: Actions) -> tuple[Actions, Floats]:
        """For each stage the index of its model and level, in one number; and the cost of all stages."""
        choices = entries[::2] * len(self.problems[0].levels)
        choices += entries[1::2]
        costs = self._costs[0].take(choices[0])
        for stage in range(1, len(self._costs)):
            costs += self._costs[stage].take(choices[stage])  # in the order of Problem.cost_of
        return choices, costs

    def _project(self, entries: Actions, over: Mask) -> None:
        """Put into ``entries`` what is run instead, where an allocation is over budget."""
        for number in np.flatnonzero(over).tolist():
            problem = self.problems[number]
            try:
                allocation, _ = resolve(problem, problem.decode(entries[:, number]), self.infeasible)
            except InfeasibleError as error:
                raise InfeasibleError(f"sub-environment {number}: {error}") from None
            assert allocation is not None
            entries[:, number] = problem.encode(allocation)

    def _metrics(self, choices: Actions, feasible: Mask) -> Floats:
        """Every metric's mean; 0 where nothing is run. Shape (metrics, num_envs)."""
        rows = choices + self._offsets
        run = np.flatnonzero(feasible)
        if run.size == self.num_envs:
            return self._boards.means(rows)
        metrics = np.zeros((len(self.problems[0].task.metrics), self.num_envs))
        metrics[:, run] = self._boards.means(rows.take(run, axis=1))
        return metrics

    def _observe(self, entries: Actions, metrics: Floats, costs: Floats, feasible: Mask) -> None:
        """Write the observations after a trial."""
        shares = (costs - self._cheapest) / self._room
        if self._without_room.size:
            shares[self._without_room] = 1.0
        np.maximum(shares, 0.0, out=shares)
        observations, first_metric = self._observations, 3 + len(entries)
        observations[1] = 1 - self._count / self.max_trials
        observations[2] = self._best_score
        for row, table, entry in zip(observations[3:first_metric], self._shares, entries, strict=True):
            table.take(entry, out=row, mode="clip")  # they are in range: clipping spares a copy
        observations[first_metric:-3] = metrics
        np.minimum(shares, COST_SHARE_LIMIT, out=observations[-3], casting="same_kind")
        observations[-2:] = feasible
        if self._memory is not None:
            self._memory.add(observations)

    def _restart(self, mask: Mask) -> None:
        """Put these sub-environments before their first trial."""
        self._count[mask] = 0
        self._best_score[mask] = 0.0
        self._done[mask] = False
        self._observations[1, mask] = 1.0
        self._observations[2:, mask] = 0.0
        if self._memory is not None:
            self._memory.restart(mask, self._observations)

    def _finish(self, infos: dict[str, Any]) -> dict[str, Any]:
        """Restart what is done, and keep its last observation and info under ``final_obs`` and ``final_info``."""
        done = self._done.copy()
        observations = np.full(self.num_envs, None, dtype=object)
        for number in np.flatnonzero(done).tolist():
            observations[number] = self._shown[:, number].copy()
        self._restart(done)
        return part_of_infos(infos, ~done) | {
            "final_obs": observations,
            "_final_obs": done,
            "final_info": part_of_infos(infos, done) | self._where_from(done),
            "_final_info": done.copy(),
        }

    def _where_from(self, mask: Mask) -> dict[str, Any]:
        """The part of the infos that says where scores come from."""
        backends = self._backends
        if np.count_nonzero(mask) < self.num_envs:
            backends = np.full(self.num_envs, None, dtype=object)
            backends[mask] = self._backends[mask]
        return {"backend": backends, "_backend": mask}

    def __repr__(self) -> str:
        name = self.spec.id if self.spec is not None else self.problems[0].task.name
        return f"AllocationVectorEnv({name}, num_envs={self.num_envs}, backend={self._backends[0]})"


def read_actions(actions: npt.ArrayLike, num_envs: int, nvec: Sequence[int]) -> Actions:
    """MultiDiscrete actions of so many sub-environments, transposed: shape (entries, num_envs).

    Args:
        actions: shape (num_envs, entries).
        num_envs: number of sub-environments.
        nvec: number of choices of each entry.

    Raises:
        InvalidInputError: they are not in the action space.
    """
    array = np.asarray(actions)
    if array.shape != (num_envs, len(nvec)) or array.dtype.kind not in "iu":
        raise InvalidInputError(
            f"actions must be {num_envs} x {len(nvec)} integers below {nvec}, but got {array.dtype} of shape "
            f"{array.shape}"
        )
    entries: Actions = array.T.astype(np.int64, order="C")
    highest = entries.view(np.uint64).max(axis=1).tolist()  # negative ones are huge
    if not all(map(lt, highest, nvec)):
        outside = (entries < 0) | (entries >= np.array(nvec)[:, None])
        bad = int(outside.any(axis=0).argmax())
        raise InvalidInputError(
            f"an action must lie in [0, {nvec}), but sub-environment {bad} got {array[bad].tolist()}"
        )
    return entries


def read_reset_mask(options: Mapping[str, Any] | None, num_envs: int) -> Mask:
    """Which sub-environments a reset restarts: those of ``reset_mask``, or all.

    Raises:
        InvalidInputError: the mask has another length or type, or names none.
    """
    if options is None or "reset_mask" not in options:
        return np.ones(num_envs, dtype=np.bool_)
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (num_envs,):
        raise InvalidInputError(f"`reset_mask` must be {num_envs} booleans in an array, but got {mask!r}")
    if not mask.any():
        raise InvalidInputError("`reset_mask` must name a sub-environment, but got none")
    return mask.copy()


def fixed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array, read-only: it is given away with every step."""
    array.flags.writeable = False
    return array


def _infos(took: Mask, costs: Floats, scores: Floats, feasible: Mask, projected: Mask) -> dict[str, Any]:
    """As Gymnasium batches infos: beside each key a mask of where it is; a key that is nowhere is left out."""
    infos: dict[str, Any] = {}
    if np.count_nonzero(took):
        infos = {"cost": costs, "feasible": feasible, "complete": feasible.copy(), "projected": projected}
        infos |= {"_cost": took, "_feasible": took, "_complete": took, "_projected": took}
    if np.count_nonzero(feasible):
        infos |= {"score": scores, "_score": feasible.copy()}
    return infos


def part_of_infos(infos: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """The infos of some sub-environments; a key that is nowhere is left out."""
    part: dict[str, Any] = {}
    for key in [key for key in infos if not key.startswith("_")]:
        here = infos[f"_{key}"] & mask
        if here.any():
            values = np.full_like(infos[key], None if infos[key].dtype == object else 0)
            values[here] = infos[key][here]
            part[key], part[f"_{key}"] = values, here
    return part


def _check_alike(problems: Sequence[Problem], evaluators: Sequence[SimulatedEvaluator]) -> None:
    """Check that sub-environments differ in nothing but budget, seed and split.

    Raises:
        InvalidInputError: they differ in more, or there are none.
    """
    if not problems or len(problems) != len(evaluators):
        raise InvalidInputError(
            f"need a problem and an evaluator for each sub-environment, but got {len(problems)} and {len(evaluators)}"
        )
    first = problems[0]
    for problem in {id(problem): problem for problem in problems}.values():
        if replace(problem, budget=first.budget) != first:
            raise InvalidInputError(f"problems may differ in their budgets only, but got {first} and {problem}")
    landscape, examples = evaluators[0].landscape, evaluators[0].dataset.examples
    for evaluator in {id(evaluator): evaluator for evaluator in evaluators}.values():
        if evaluator.task != first.task:
            raise InvalidInputError(
                f"evaluators must be of the problems' task, but got {first.task} and {evaluator.task}"
            )
        if evaluator.landscape != landscape or evaluator.dataset.examples != examples:
            raise InvalidInputError(
                f"data sets may differ in seed and split only, but got {examples} and {evaluator.dataset.examples} "
                f"examples, or two landscapes"
            )
