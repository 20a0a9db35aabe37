"""Many questions at once, in arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from agenttts_env.allowed_actions import AllowedActions, Mask, Masked, check_masked
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import Observation
from agenttts_env.per_query.episodes import Episodes
from agenttts_env.per_query.moves import DRAWS, Floats, Ints, Moves
from agenttts_env.per_query.questions import Questions
from agenttts_env.philox import uniform_pairs
from agenttts_env.problem import Problem
from agenttts_env.vector_env import fixed, part_of_infos, read_reset_mask

Order = Literal["random", "sequential"]

PRICE = (0.003, 0.3)
"""Prices are drawn between these, unless others are given. At higher ones hardly anything is worth its cost, and
learners that see many of them find out nothing else."""

RESET_OPTIONS = ("example", "price", "reset_mask")


class PerQueryVectorEnv(VectorEnv[Observation, Ints, npt.NDArray[Any]]):
    """Decide question by question how much to sample, many questions at once.

    An episode is one question. At each stage of the task the policy draws samples of a model, sees how they agree, and
    draws more, switches to another model, or accepts what it has, which is fused and handed to the next stage. It never
    sees whether a sample is right. This goes beyond the paper, whose allocations are the same for all questions.

    **Action** (``Discrete``): in this order, for each of ``draws`` to draw so many levels further of the current model
    (where all sample counts are levels: so many more samples); for each model to switch to it, which draws its first
    level; and to accept. A model that was given up at a stage cannot be chosen there again. :meth:`action_masks` leaves
    what some way to the end can still be paid with; ``action_space.sample()`` draws from these. Another action is an
    error; or, with ``masked="replace"``, another is taken in its place: to accept, if that is allowed, else the first
    allowed one. So learners that know no masks can learn here. :meth:`Moves.describe` says what an action is.

    **Observation** (``Box``, flat, float32; names in :attr:`observation_names`): the stage; the current model, those
    that were given up at this stage, and the number of samples on a log scale; how the samples agree (see
    :data:`~agenttts_env.per_query.agreement.AGREEMENT`; lengths only where they are known) and whether the answer that
    leads is the one that led when the last model was given up; cost so far, what is left beside the cheapest way to the
    end, and the price; and what was accepted at the stages before (see :data:`~agenttts_env.per_query.view.ACCEPTED`).

    **Reward**: at every step ``-price * cost / budget`` of what it drew or fused; at the end also the question's score.

    **Cost**: samples are paid when they are drawn, also those of a model that is given up; the fusing call is paid when
    its output is accepted. So to draw S samples of one model at each stage and accept costs exactly what the static
    allocation costs, and scores what it scores: the first S samples of a pool are always the same.

    **Episode**: ``terminated`` when the last stage is accepted. **Info**: the question (``example``, its index),
    ``price``, ``cost`` so far in the problem's unit, ``backend``, and ``replaced`` (whether another action was taken
    than the one given); at the end also ``score``.

    **Randomness**: what an episode draws is a function of its sub-environment's seed and of how many episodes it had
    since it was seeded. Sub-environment i of one that is reset with seed s does what a single one does that is reset
    with seed s + i.

    Args:
        questions: what may be asked.
        problem: costs and budget; see :func:`~agenttts_env.per_query.moves.per_query_problem`.
        num_envs: how many sub-environments.
        price: of the whole budget, in units of score; or the lowest and the highest one of a range that episodes draw
            from, log-uniformly, so that one policy learns the whole trade-off.
        draws: see Action.
        order: how episodes choose their questions: ``random``, uniformly; or ``sequential``: the k-th episode of
            sub-environment i asks question (k * num_envs + i) modulo their number.
        masked: what an action that the masks do not leave does: ``raise`` or ``replace``, see Action.
        autoreset_mode: of Gymnasium's ``AutoresetMode``: when a sub-environment whose episode has ended begins another.

    Raises:
        InvalidInputError: an argument breaks a rule.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        questions: Questions,
        problem: Problem,
        *,
        num_envs: int = 1,
        price: float | Sequence[float] = PRICE,
        draws: Sequence[int] = DRAWS,
        order: Order = "random",
        masked: Masked = "raise",
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        if num_envs < 1:
            raise InvalidInputError(f"`num_envs` must be >= 1, but got {num_envs}")
        if order not in get_args(Order):
            raise InvalidInputError(f"`order` must be one of {get_args(Order)}, but got {order!r}")
        check_masked(masked)
        if problem.task != questions.task or problem.levels != questions.levels:
            raise InvalidInputError(
                f"the problem must be of the questions' task and levels, {questions.task.name!r} and "
                f"{questions.levels}, but is of {problem.task.name!r} and {problem.levels}"
            )
        self.questions = questions
        self.problem = problem
        self.prices = _price_range(price)
        self.moves = Moves(problem, draws)
        self.order = order
        self.masked = masked
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.num_envs = num_envs
        self._episodes = Episodes(questions, self.moves, num_envs, masked)
        self.single_action_space = gym.spaces.Discrete(self.moves.actions)
        self.action_space = AllowedActions(self.allowed)
        self.single_observation_space = self._episodes.view.space()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._all = fixed(np.ones(num_envs, dtype=np.bool_))
        self._backends = fixed(np.full(num_envs, questions.backend, dtype=object))
        self._keys: npt.NDArray[np.uint64] | None = None
        self._numbers = np.zeros(num_envs, dtype=np.uint64)

    @property
    def backend(self) -> str:
        """Where samples come from."""
        return self.questions.backend

    @property
    def observation_names(self) -> tuple[str, ...]:
        """What each entry of a sub-environment's observation is."""
        return self._episodes.view.names

    @property
    def allowed(self) -> Mask:
        """The same array at every step: which actions are allowed; shape (actions, num_envs)."""
        return self._episodes.allowed

    def action_masks(self) -> Mask:
        """Which actions are allowed now; all of them at an episode's end. Shape (num_envs, actions)."""
        return self.allowed.T.copy()

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin other episodes.

        Args:
            seed: an int s, for s + i in sub-environment i; or one for each sub-environment; None goes on drawing.
            options: ``example`` (index of a question) and ``price`` are taken instead of drawn, in the episodes that
                this reset begins: one value, or one for each sub-environment. ``reset_mask``, boolean, shape
                (num_envs,), restarts these sub-environments only.

        Raises:
            InvalidInputError: the seeds or an option break a rule.
        """
        options = options or {}
        if unknown := [name for name in options if name not in RESET_OPTIONS]:
            raise InvalidInputError(f"options of a reset are {', '.join(RESET_OPTIONS)}, but got {unknown[0]!r}")
        mask = read_reset_mask(options, self.num_envs)
        if self._keys is None and not mask.all():
            raise gym.error.ResetNeeded("call reset() for all sub-environments before resetting some")
        question = self._given(options, "example", len(self.questions))
        price = self._given(options, "price")
        self._seed(seed, mask)
        self._begin(np.flatnonzero(mask), question, price)
        infos = self._about()
        return self._episodes.observe(), infos if mask.all() else part_of_infos(infos, mask)

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Observation, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], dict[str, Any]]:
        """Take a decision in every sub-environment.

        Raises:
            InvalidInputError: an action is not in the action space, or masked where that is an error.
        """
        episodes, ended = self._episodes, self._episodes.done
        some_ended = np.count_nonzero(ended) > 0
        if self._keys is None or (some_ended and self.autoreset_mode is AutoresetMode.DISABLED):
            raise gym.error.ResetNeeded("call reset() before the first step and after an episode's last")
        before = episodes.spent
        episodes.take(self._read(actions))
        rewards = episodes.price * (before - episodes.spent) / self.problem.budget
        terminations = episodes.done
        if some_ended:  # these begin another episode instead of taking a step
            terminations &= ~ended
            rewards[ended] = 0.0
        last = np.flatnonzero(terminations)
        scores: dict[str, Any] = {}
        if last.size:
            score = np.zeros(self.num_envs)
            score[last] = episodes.scores(last)
            rewards += score
            scores = {"score": score, "_score": terminations.copy()}
        if some_ended:
            self._begin(np.flatnonzero(ended))
        if last.size and self.autoreset_mode is AutoresetMode.SAME_STEP:
            infos = self._finish(last, self._about() | scores)
        else:
            infos = self._about() | scores
        nothing = np.zeros(self.num_envs, dtype=np.bool_)
        return episodes.observe(), rewards, terminations, nothing, infos

    def _read(self, actions: npt.ArrayLike) -> Ints:
        array, count = np.asarray(actions), self.moves.actions
        if array.shape != (self.num_envs,) or array.dtype.kind not in "iu":
            raise InvalidInputError(
                f"actions must be {self.num_envs} integers below {count}, but got {array.dtype} of shape {array.shape}"
            )
        if array.min() < 0 or array.max() >= count:
            bad = int(((array < 0) | (array >= count)).argmax())
            raise InvalidInputError(f"an action must lie in [0, {count}), but sub-environment {bad} got {array[bad]}")
        return array.astype(np.int64, copy=False)

    def _given(self, options: dict[str, Any], name: str, count: int = 0) -> npt.NDArray[Any] | None:
        """What a reset's option says, for all sub-environments: one of so many integers, or a price."""
        if options.get(name) is None:
            return None
        values = np.asarray(options[name])
        if values.shape not in ((), (self.num_envs,)):
            raise InvalidInputError(
                f"`{name}` must be one value, or one for each of {self.num_envs}, but got shape {values.shape}"
            )
        if count and (values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= count):
            raise InvalidInputError(f"`{name}` must be an integer in [0, {count}), but got {options[name]!r}")
        if not count and (values.dtype.kind not in "iuf" or not (np.isfinite(values) & (values >= 0)).all()):
            raise InvalidInputError(f"`{name}` must be finite and >= 0, but got {options[name]!r}")
        return np.broadcast_to(values, (self.num_envs,))

    def _seed(self, seed: int | Sequence[int | None] | None, mask: Mask) -> None:
        """Give sub-environments other seeds, if there are."""
        if isinstance(seed, Sequence) and len(seed) != self.num_envs:
            raise InvalidInputError(f"need a seed for each of {self.num_envs} sub-environments, but got {seed}")
        super().reset(seed=seed[0] if isinstance(seed, Sequence) else seed)
        if self._keys is None:
            self._keys = self.np_random.integers(2**64, size=self.num_envs, dtype=np.uint64)
        if seed is not None:
            seeds = seed if isinstance(seed, Sequence) else range(seed, seed + self.num_envs)
            for number in np.flatnonzero(mask).tolist():
                if (one := seeds[number]) is not None:
                    self._keys[number], self._numbers[number] = one % 2**64, 0

    def _begin(self, which: Ints, question: Ints | None = None, price: Floats | None = None) -> None:
        """Begin the next episodes of these sub-environments; what is not given is drawn."""
        assert self._keys is not None
        numbers = self._numbers[which]
        pick, luck = uniform_pairs(self._keys[which], numbers)
        self._numbers[which] += np.uint64(1)
        count = len(self.questions)
        if question is not None:
            chosen = question[which]
        elif self.order == "random":
            chosen = (pick * count).astype(np.int64)
        else:
            chosen = (numbers.astype(np.int64) * self.num_envs + which) % count
        low, high = self.prices
        if price is not None:
            paid = price[which]
        else:
            paid = np.full(which.size, low) if low == high else low * np.exp(luck * math.log(high / low))
        self._episodes.begin(which, chosen, paid)

    def _about(self) -> dict[str, Any]:
        """The part of the infos that is always there."""
        episodes = self._episodes
        return {
            "example": episodes.question.copy(), "_example": self._all,
            "price": episodes.price.copy(), "_price": self._all,
            "cost": episodes.spent, "_cost": self._all,
            "backend": self._backends, "_backend": self._all,
            "replaced": episodes.replaced.copy(), "_replaced": self._all,
        }  # fmt: skip

    def _finish(self, last: Ints, infos: dict[str, Any]) -> dict[str, Any]:
        """Begin the next episodes of what ended; keep what it showed under ``final_obs`` and ``final_info``."""
        ended = np.zeros(self.num_envs, dtype=np.bool_)
        ended[last] = True
        shown = self._episodes.observe()
        observations = np.full(self.num_envs, None, dtype=object)
        for number in last.tolist():
            observations[number] = shown[number].copy()
        self._begin(last)
        return self._about() | {
            "final_obs": observations,
            "_final_obs": ended,
            "final_info": part_of_infos(infos, ended),
            "_final_info": ended.copy(),
        }

    def __repr__(self) -> str:
        name = self.spec.id if self.spec is not None else self.problem.task.name
        return f"PerQueryVectorEnv({name}, num_envs={self.num_envs}, backend={self.backend})"


def _price_range(price: float | Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest price.

    Raises:
        InvalidInputError: it is neither a price nor two.
    """
    ends = np.asarray(price, dtype=np.float64).ravel().tolist()
    ends *= 2 if np.ndim(price) == 0 else 1
    if len(ends) != 2 or not 0 <= ends[0] <= ends[1] < math.inf or (ends[0] == 0 < ends[1]):
        raise InvalidInputError(
            f"`price` must be a number >= 0, or a lowest one > 0 and a highest one, but got {price!r}"
        )
    return ends[0], ends[1]
