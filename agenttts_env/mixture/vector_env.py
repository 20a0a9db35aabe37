"""Many simulated searches of several tasks at once, in arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from agenttts_env.env import check_episode
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.mixture.draws import BUDGET, DATA_SEEDS, DRAWN, EpisodeDraws, Words
from agenttts_env.mixture.layout import STAGES, nvec, observation_names, observation_space
from agenttts_env.mixture.padding import Floats, Ints, PaddedTasks
from agenttts_env.mixture.searches import Mask, Searches
from agenttts_env.observation import Observation
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.bitboards import Bitboards
from agenttts_env.simulation.dataset import check_samples
from agenttts_env.simulation.landscape import Landscape
from agenttts_env.vector_env import VECTOR_REWARDS, Actions, fixed, part_of_infos, read_actions, read_reset_mask

INCUMBENT = "incumbent"


class MixtureVectorEnv(VectorEnv[Observation, Actions, npt.NDArray[Any]]):
    """Search after search in a simulation, each of a task, with a budget and on data that are drawn at its reset.

    Actions and observations look the same for every task: stages and models are padded, and models are described by
    their features, never by a name. So a policy that was trained on some tasks runs on others (see
    :class:`~agenttts_env.mixture.encoding.MixtureEncoding`).

    **Action** (``MultiDiscrete``): for each of 3 stages the index of a model (smallest first) and of a sample level.
    Every action stands for a feasible allocation, see :meth:`~agenttts_env.mixture.searches.Searches.read`: what does
    not fit is cut, stage by stage; padded stages have no say. :meth:`action_masks` leaves the entries that some
    feasible allocation has; the others are no errors, but other names of what the former stand for.

    **Observation** (``Box``, flat, float32; names in :attr:`observation_names`): see
    :mod:`agenttts_env.mixture.layout`.

    **Reward**: see :data:`agenttts_env.env.REWARDS`. These reward luck: a searcher that tries many allocations finds a
    high score by chance. ``incumbent`` does not: it is the change of the incumbent's *expected* score, which the
    simulation knows and no policy sees, so that an episode's rewards add up to what its result is worth (the incumbent
    is :func:`~agenttts_env.trial.best_trial`). **Episode**: ``trials`` steps, then ``terminated``.

    **Info**: of the episode its ``task`` (index in :attr:`problems`), its ``budget`` and its ``data_seed``, and
    ``backend``; of the trial its ``cost``, its ``score``, and the allocation: ``models`` (by index) and ``samples``,
    for each of 3 stages, -1 and 0 at padded ones.

    **Randomness**: what an episode draws is a function of its sub-environment's seed and of how many episodes it had
    since it was seeded. Sub-environment i of one that is reset with seed s does what a single one does that is reset
    with seed s + i.

    Args:
        problems: one for each task, with its own budget; equal in their levels and their cost.
        landscapes: of the problems' tasks.
        num_envs: how many sub-environments.
        budget: the lowest and the highest multiple of a task's own budget; drawn log-uniformly between them, but from
            no lower than what leaves a choice between two allocations. Or one multiple.
        data_seeds: of the data sets that episodes draw from.
        examples: size of every data set.
        trials: length of an episode.
        reward: a name in :data:`~agenttts_env.env.REWARDS`, or ``incumbent``.
        autoreset_mode: of Gymnasium's ``AutoresetMode``: when a sub-environment whose episode has ended begins another.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012
    backend = SimulatedEvaluator.backend

    def __init__(
        self,
        problems: Sequence[Problem],
        landscapes: Sequence[Landscape],
        *,
        num_envs: int = 1,
        budget: tuple[float, float] | float = BUDGET,
        data_seeds: Sequence[int] = DATA_SEEDS,
        examples: int = 50,
        trials: int = 50,
        reward: str = "improvement",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        plain = "score" if reward == INCUMBENT else reward
        check_episode(trials=trials, reward=plain, infeasible="project", penalty=0.0)
        if num_envs < 1:
            raise InvalidInputError(f"`num_envs` must be >= 1, but got {num_envs}")
        if not problems or len(problems) != len(landscapes):
            raise InvalidInputError(
                f"need a landscape for each problem, and one at least, but got {len(landscapes)} and {len(problems)}"
            )
        levels = problems[0].levels
        check_samples(levels[-1])
        for problem in problems:
            if problem.levels != levels or problem.cost != problems[0].cost:
                raise InvalidInputError(
                    f"problems must be equal in their levels and their cost, but got {problems[0]} and {problem}"
                )
        self.problems = tuple(problems)
        self.landscapes = tuple(landscapes)
        self.max_trials = trials
        self.reward = reward
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.num_envs = num_envs
        self._nvec = nvec(len(levels))
        self.single_action_space = gym.spaces.MultiDiscrete(self._nvec)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.single_observation_space = observation_space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)

        self._tasks = PaddedTasks(problems, levels)
        self._draws = EpisodeDraws(problems, self._tasks.second.tolist(), budget, data_seeds)
        self.data_seeds = self._draws.data_seeds
        self._seeds = np.array(self.data_seeds)
        self._boards = [
            _boards(problem, landscape, self.data_seeds, examples)
            for problem, landscape in zip(problems, landscapes, strict=True)
        ]
        self._expected = [
            Oracle(problem, landscape).scores.ravel() if reward == INCUMBENT else None
            for problem, landscape in zip(problems, landscapes, strict=True)
        ]
        self._searches = Searches(self._tasks, num_envs, trials=trials)
        self._all = fixed(np.ones(num_envs, dtype=np.bool_))
        self._keys: Words | None = None
        self._episodes = np.zeros(num_envs, dtype=np.uint64)
        self._done = np.zeros(num_envs, dtype=np.bool_)
        self._task = np.zeros(num_envs, dtype=np.int64)
        self._budget = np.zeros(num_envs)
        self._dataset = np.zeros(num_envs, dtype=np.int64)
        self._incumbents = np.zeros(num_envs)  # expected scores
        self._backends = fixed(np.full(num_envs, self.backend, dtype=object))
        self._present = np.zeros((STAGES, num_envs), dtype=np.bool_)
        self._level_cells = np.zeros((STAGES, num_envs), dtype=np.int64)  # of a stage's levels in the flat tables
        self._groups: list[tuple[int, Ints, Ints]] = []  # task, its sub-environments, and where their data begins

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of a sub-environment's observation is."""
        return observation_names()

    def problem(self, number: int = 0) -> Problem:
        """The problem of a sub-environment's episode."""
        return replace(self.problems[int(self._task[number])], budget=float(self._budget[number]))

    def action_masks(self) -> Mask:
        """Which entries of an action some feasible allocation has, see the class; shape (num_envs, sum of sizes).

        For each stage its models, then its levels, as sb3-contrib's ``MaskablePPO`` wants them.
        """
        return self._searches.masks()

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start other searches.

        Args:
            seed: an int s, for s + i in sub-environment i; or one for each sub-environment; None goes on drawing.
            options: ``task`` (a name or an index), ``budget`` (in the cost's unit) and ``data_seed`` (one of
                :attr:`data_seeds`) are taken instead of drawn, in the episodes that this reset starts: one value, or
                one for each sub-environment, None where it is drawn. ``reset_mask``, boolean, shape (num_envs,),
                restarts these sub-environments only.

        Raises:
            InvalidInputError: the seeds or an option break a rule.
        """
        options = options or {}
        if unknown := [name for name in options if name not in (*DRAWN, "reset_mask")]:
            raise InvalidInputError(f"options of a reset are {', '.join(DRAWN)}, reset_mask, but got {unknown[0]!r}")
        mask = read_reset_mask(options, self.num_envs)
        if self._keys is None and not mask.all():
            raise gym.error.ResetNeeded("call reset() for all sub-environments before resetting some")
        keys, episodes = self._seeded(seed, mask)
        lanes = np.flatnonzero(mask)
        drawn = self._draws.draw(keys[lanes], episodes[lanes], self._given(options, lanes))
        self._keys, self._episodes = keys, episodes
        self._restart(lanes, *drawn)
        return self._searches.observations(), part_of_infos(self._about(), mask)

    def step(
        self, actions: Actions
    ) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], dict[str, Any]]:
        """Run one trial in every sub-environment.

        Raises:
            InvalidInputError: the actions are not in the action space.
        """
        some_done = np.count_nonzero(self._done) > 0
        if self._keys is None or (some_done and self.autoreset_mode is AutoresetMode.DISABLED):
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        searches, tasks = self._searches, self._tasks
        models, levels, costs = searches.read(read_actions(actions, self.num_envs, self._nvec))
        scores, expected = self._scores(models, levels)
        best = searches.best_scores.copy()
        ahead = searches.record(models, tasks.codes.take(self._level_cells + levels), costs, scores)
        if self.reward == INCUMBENT:
            rewards = np.where(ahead, expected - self._incumbents, 0.0)
            self._incumbents = np.where(ahead, expected, self._incumbents)
        else:
            rewards = VECTOR_REWARDS[self.reward](scores, best)
        infos: dict[str, Any] = {
            "cost": costs,
            "score": scores,
            "models": np.where(self._present, models, -1).T,
            "samples": tasks.samples.take(self._level_cells + levels).T,
        }
        infos |= {f"_{name}": self._all for name in infos}
        anew, self._done = self._done, searches.trials >= self.max_trials
        if some_done:  # these begin another episode instead of taking a step
            self._begin(np.flatnonzero(anew))
            rewards[anew] = 0.0
            infos = part_of_infos(infos, ~anew)
        terminations = self._done.copy()
        if self.autoreset_mode is AutoresetMode.SAME_STEP and np.count_nonzero(terminations):
            infos = self._finish(infos, terminations)
        infos |= self._about()
        nothing = np.zeros(self.num_envs, dtype=np.bool_)
        return searches.observations(), rewards, terminations, nothing, infos

    def _scores(self, models: Ints, levels: Ints) -> tuple[Floats, Floats]:
        """The main metric of every sub-environment's allocation: measured, and expected (0 where no reward asks)."""
        scores, expected = np.empty(self.num_envs), np.zeros(self.num_envs)
        choices = models * len(self._tasks.levels) + levels
        for task, lanes, offsets in self._groups:
            rows = choices[: len(offsets)].take(lanes, axis=1)
            table = self._expected[task]
            if table is not None:
                offered = self.problems[task].nvec.reshape(-1, 2).prod(axis=1)
                expected[lanes] = table.take(np.ravel_multi_index(tuple(rows), tuple(offered)))
            rows += offsets
            scores[lanes] = self._boards[task].means(rows)[0]
        return scores, expected

    def _seeded(self, seed: int | Sequence[int | None] | None, mask: Mask) -> tuple[Words, Words]:
        """Each sub-environment's seed, and how many episodes it had since."""
        if isinstance(seed, Sequence) and len(seed) != self.num_envs:
            raise InvalidInputError(f"need a seed for each of {self.num_envs} sub-environments, but got {seed}")
        super().reset(seed=seed[0] if isinstance(seed, Sequence) else seed)
        keys, episodes = self._keys, self._episodes.copy()
        keys = self.np_random.integers(2**64, size=self.num_envs, dtype=np.uint64) if keys is None else keys.copy()
        if seed is not None:
            seeds = seed if isinstance(seed, Sequence) else range(seed, seed + self.num_envs)
            given = [number for number in np.flatnonzero(mask).tolist() if seeds[number] is not None]
            keys[given] = np.array([(seeds[number] or 0) % 2**64 for number in given], dtype=np.uint64)
            episodes[given] = 0
        return keys, episodes

    def _given(self, options: Mapping[str, Any], lanes: Ints) -> dict[str, list[Any]]:
        """What a reset's options say about each of these sub-environments."""
        given = {}
        for name in set(DRAWN) & options.keys():
            value = options[name]
            several = isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str)
            values = list(value) if several else [value] * self.num_envs
            if len(values) != self.num_envs:
                raise InvalidInputError(
                    f"`{name}` must be one value, or one for each of {self.num_envs}, but got {len(values)}"
                )
            given[name] = [values[lane] for lane in lanes.tolist()]
        return given

    def _begin(self, lanes: Ints) -> None:
        """Begin the next episodes of these sub-environments."""
        assert self._keys is not None
        self._restart(lanes, *self._draws.draw(self._keys[lanes], self._episodes[lanes], {}))

    def _restart(self, lanes: Ints, tasks: Ints, budgets: Floats, datasets: Ints) -> None:
        self._episodes[lanes] += np.uint64(1)
        self._done[lanes] = False
        # Other arrays than before, as those were given away.
        self._task, self._budget, self._dataset = self._task.copy(), self._budget.copy(), self._dataset.copy()
        self._task[lanes], self._budget[lanes], self._dataset[lanes] = tasks, budgets, datasets
        self._present = self._tasks.present[self._task].T
        self._level_cells = (self._task * STAGES + np.arange(STAGES)[:, None]) * len(self._tasks.levels)
        self._incumbents[lanes] = 0.0
        self._searches.restart(lanes, tasks, budgets)
        self._groups = []
        for task, boards in enumerate(self._boards):
            members = np.flatnonzero(self._task == task)
            if members.size:
                self._groups.append((task, members, boards.offsets(self._dataset[members])))

    def _about(self) -> dict[str, Any]:
        """The part of the infos that says what an episode drew, and where scores come from."""
        about = {
            "task": fixed(self._task),
            "budget": fixed(self._budget),
            "data_seed": self._seeds.take(self._dataset),
            "backend": self._backends,
        }
        return about | {f"_{name}": self._all for name in about}

    def _finish(self, infos: dict[str, Any], done: Mask) -> dict[str, Any]:
        """Begin the next episodes of what is done; keep what it showed last under ``final_obs`` and ``final_info``."""
        lanes, observations = np.flatnonzero(done), np.full(self.num_envs, None, dtype=object)
        shown = self._searches.observations()
        for number in lanes.tolist():
            observations[number] = shown[number].copy()
        final = part_of_infos(infos | self._about(), done)
        self._begin(lanes)
        return part_of_infos(infos, ~done) | {
            "final_obs": observations,
            "_final_obs": done.copy(),
            "final_info": final,
            "_final_info": done.copy(),
        }

    def __repr__(self) -> str:
        names = "+".join(problem.task.name for problem in self.problems)
        return f"MixtureVectorEnv({names}, num_envs={self.num_envs}, backend={self.backend})"


def _boards(problem: Problem, landscape: Landscape, seeds: Sequence[int], examples: int) -> Bitboards:
    """The data sets of a task."""
    evaluators = [SimulatedEvaluator(problem.task, landscape, seed=seed, examples=examples) for seed in seeds]
    return Bitboards([evaluator.dataset for evaluator in evaluators], evaluators[0].models, problem.levels)
