"""Many simulated stagewise allocations at once, in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from agenttts_env.allowed_actions import AllowedActions, Masked
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.simulated import SimulatedEvaluator
from agenttts_env.observation import Observation
from agenttts_env.oracle import Oracle
from agenttts_env.problem import Problem
from agenttts_env.simulation.bitboards import Bitboards
from agenttts_env.stagewise.budgets import BudgetRange, check_budgets
from agenttts_env.stagewise.episodes import Episodes
from agenttts_env.stagewise.rules import Floats, Indices, Mask, StagewiseRules
from agenttts_env.stagewise.scoring import Scoring
from agenttts_env.vector_env import fixed


class StagewiseVectorEnv(VectorEnv[Observation, Indices, npt.NDArray[Any]]):
    """Many stagewise allocations in a simulation at once.

    Every sub-environment does, step for step and bit for bit, what a
    :class:`~agenttts_env.stagewise.env.StagewiseEnv` over the same evaluators does: actions, observations, rewards and
    infos are described there, and batched as Gymnasium's ``SyncVectorEnv`` batches them. They keep no trials.

    **Reset options**: ``{"budget": x}``, a number for all that are reset, or an array with one for each
    sub-environment, plays these episodes and all that follow with those budgets, through autoresets too, until others
    are given; ``{"budget": None}`` draws them again. ``{"reset_mask": …}`` as Gymnasium has it.

    Args:
        problem: see :class:`~agenttts_env.stagewise.env.StagewiseEnv`, like all that is not named here.
        evaluators: one for each data set, of as many examples.
        num_envs: how many.
        budget: see there.
        reward: see there.
        masked: see there.
        autoreset_mode: of Gymnasium's ``AutoresetMode``, or its name or value: when a sub-environment whose episode has
            ended begins another.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        problem: Problem,
        evaluators: Sequence[SimulatedEvaluator],
        *,
        num_envs: int = 1,
        budget: float | Sequence[float] | None = None,
        reward: str = "score",
        masked: Masked = "raise",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.scoring = Scoring(problem, evaluators, reward)
        if not self.scoring.simulated:
            raise InvalidInputError(f"evaluators must be simulated, but the backend is {evaluators[0].backend!r}")
        if num_envs < 1:
            raise InvalidInputError(f"`num_envs` must be >= 1, but got {num_envs}")
        sizes = sorted({evaluator.dataset.examples for evaluator in evaluators})
        if len(sizes) > 1:
            raise InvalidInputError(f"data sets must have as many examples, but got {sizes}")
        self.problem = problem
        self.evaluators = tuple(evaluators)
        self.budget_range = BudgetRange.of(problem, budget)
        self.reward = reward
        self.masked = masked
        self.autoreset_mode = _mode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.num_envs = num_envs
        self.episodes = Episodes(problem, num_envs, self.budget_range, len(evaluators), self.scoring.measured, masked)
        self.single_action_space = gym.spaces.Discrete(self.rules.actions)
        self.action_space = AllowedActions(self.episodes.allowed)
        self.single_observation_space = self.episodes.view.space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._boards = Bitboards([each.dataset for each in evaluators], evaluators[0].models, problem.levels)
        self._offsets = self._boards.offsets(np.arange(len(evaluators)))  # by stage and data set
        self._backends = np.full(num_envs, evaluators[0].backend, dtype=object)
        self._started = False
        self._everybody = np.arange(num_envs)
        self._all = fixed(np.ones(num_envs, dtype=np.bool_))

    @property
    def rules(self) -> StagewiseRules:
        """What actions are, and which of them the budget allows."""
        return self.episodes.rules

    @property
    def oracle(self) -> Oracle:
        """Expected scores of all allocations on offer."""
        return self.scoring.oracle

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of a sub-environment's observation is."""
        return self.episodes.view.names

    @property
    def budgets(self) -> Floats:
        """The episodes', shape (num_envs,)."""
        return self.episodes.budgets.copy()

    @property
    def stages(self) -> Indices:
        """Index of the stage to be decided, the number of stages at the end; shape (num_envs,)."""
        return self.episodes.stage.copy()

    def action_masks(self) -> Mask:
        """Which actions are allowed now, shape (num_envs, actions); at an episode's end all, as none counts."""
        return self.episodes.allowed.T.copy()

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin other allocations.

        Args:
            seed: an int s, so that sub-environment i has the seed s + i; or one for each; None to go on.
            options: see the class.

        Raises:
            InvalidInputError: the seeds, the mask or the budgets have another length or type, or break a rule.
        """
        options = options or {}
        which = self._masked(options)
        budgets = self._budgets(options, which)
        seeds = self._seeds(seed)
        if not self._started:
            if which.size < self.num_envs:
                raise gym.error.ResetNeeded("call reset() for all sub-environments before resetting some")
            self._started = True
            self.episodes.seed(which, self.np_random.integers(2**63, size=self.num_envs).tolist())
        given = {number: seeds[number] for number in which.tolist()}
        keys = {number: key for number, key in given.items() if key is not None}
        if keys:
            self.episodes.seed(np.array(list(keys)), list(keys.values()))
        if "budget" in options:
            self.episodes.fix(which, budgets)
        self.episodes.begin(which)
        return self.episodes.observe().T.copy(), self._infos(which)

    def _masked(self, options: dict[str, Any]) -> Indices:
        if "reset_mask" not in options:
            return self._everybody
        mask = options["reset_mask"]
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise InvalidInputError(f"`reset_mask` must be {self.num_envs} booleans in an array, but got {mask!r}")
        if not mask.any():
            raise InvalidInputError("`reset_mask` must name a sub-environment, but got none")
        return np.flatnonzero(mask)

    def _budgets(self, options: dict[str, Any], which: Indices) -> Floats | None:
        given = options.get("budget")
        if given is None:
            return None
        array = np.asarray(given, dtype=np.float64)
        if array.shape not in ((), (self.num_envs,)):
            raise InvalidInputError(
                f"`budget` must be a number, or one for each of {self.num_envs} sub-environments, but has the shape "
                f"{array.shape}"
            )
        return check_budgets(self.problem, np.broadcast_to(array, self.num_envs)[which])

    def _seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed
        if seeds is None:
            return [None] * self.num_envs
        if len(seeds) != self.num_envs or any(each is not None and each < 0 for each in seeds):
            raise InvalidInputError(f"need a seed >= 0 for each of {self.num_envs} sub-environments, but got {seed}")
        super().reset(seed=seeds[0])
        return seeds

    def step(self, actions: Indices) -> tuple[Observation, Floats, Mask, Mask, dict[str, Any]]:
        """Allocate one stage in every sub-environment.

        Raises:
            InvalidInputError: an action is not in the action space, or masked where that is an error.
        """
        episodes, done = self.episodes, self.episodes.done
        some_done = bool(done.any())
        if not self._started or (some_done and self.autoreset_mode is AutoresetMode.DISABLED):
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        going = np.flatnonzero(~done) if some_done else self._everybody
        episodes.choose(episodes.check(actions, going), going)
        ended = np.flatnonzero(episodes.done & ~done)
        rewards, last = self._evaluate(ended)
        if some_done:
            episodes.begin(np.flatnonzero(done))  # instead of a step
        observations, terminations = episodes.observe(), episodes.done
        if ended.size and self.autoreset_mode is AutoresetMode.SAME_STEP:
            final = np.full(self.num_envs, None, dtype=object)
            for number in ended.tolist():
                final[number] = observations[:, number].copy()
            last = {"final_obs": final, "_final_obs": terminations, "final_info": self._infos(ended) | last}
            last["_final_info"] = terminations.copy()
            episodes.begin(ended)
            observations = episodes.observe()
        truncations = np.zeros(self.num_envs, dtype=np.bool_)
        return observations.T.copy(), rewards, terminations.copy(), truncations, self._infos(self._everybody) | last

    def _evaluate(self, ended: Indices) -> tuple[Floats, dict[str, Any]]:
        """Measure what stages score, and all of what has ended: rewards, and what infos say of it."""
        episodes, scoring = self.episodes, self.scoring
        rewards = np.zeros(self.num_envs)
        infos: dict[str, Any] = {}
        if not ended.size and not any(scoring.measured[:-1]):
            return rewards, infos
        metrics = self._boards.means(episodes.actions + self._offsets.take(episodes.datasets, axis=1))
        for stage, metric in enumerate(scoring.metrics):
            if metric is not None:
                episodes.scores[stage] = metrics[metric]
        if ended.size:
            actions = episodes.actions[:, ended]
            scores, expected = metrics[0, ended], scoring.expected(actions)
            rewards[ended] = expected if scoring.reward == "expected" else scores
            for name, values in (
                ("allocation", self.rules.multi_discrete(actions)),
                ("cost", episodes.spent[ended]),
                ("complete", np.ones(ended.size, dtype=np.bool_)),
                ("score", scores),
                ("expected", expected),
            ):
                infos |= self._batch(name, values, ended)
        return rewards, infos

    def _infos(self, which: Indices) -> dict[str, Any]:
        """What infos say of any step of these sub-environments."""
        episodes = self.episodes
        return {
            **self._batch("budget", episodes.budgets[which], which),
            **self._batch("dataset", episodes.datasets[which], which),
            **self._batch("backend", self._backends[which], which),
            **self._batch("replaced", episodes.replaced[which], which),
        }

    def _batch(self, name: str, values: npt.NDArray[Any], which: Indices) -> dict[str, Any]:
        """Values of some sub-environments, as Gymnasium batches them: beside them a mask of where they are."""
        if which.size == self.num_envs:
            return {name: values, f"_{name}": self._all}
        batch: npt.NDArray[Any] = np.zeros((self.num_envs, *values.shape[1:]), dtype=values.dtype)
        if batch.dtype == object:
            batch.fill(None)
        here = np.zeros(self.num_envs, dtype=np.bool_)
        batch[which], here[which] = values, True
        return {name: batch, f"_{name}": here}

    def __repr__(self) -> str:
        name = self.spec.id if self.spec is not None else self.problem.task.name
        return (
            f"StagewiseVectorEnv({name}, num_envs={self.num_envs}, backend={self._backends[0]}, "
            f"budget={self.budget_range}, reward={self.reward})"
        )


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    """The mode, by its name or its value too."""
    for known in AutoresetMode:
        if mode in (known, known.name, known.value):
            return known
    raise InvalidInputError(
        f"`autoreset_mode` must be one of {', '.join(known.name for known in AutoresetMode)}, but got {mode!r}"
    )
