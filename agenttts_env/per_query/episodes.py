"""Episodes in arrays: where each of them is, and what its policy sees."""

from __future__ import annotations

import numpy as np

from agenttts_env.allowed_actions import Mask, Masked
from agenttts_env.cost import with_slack
from agenttts_env.errors import InvalidInputError
from agenttts_env.observation import Observation
from agenttts_env.per_query.agreement import LEADER
from agenttts_env.per_query.moves import Floats, Ints, Moves
from agenttts_env.per_query.questions import Questions
from agenttts_env.per_query.view import ACCEPTED, View, price_code

NO_LEADER = -1.0


class Episodes:
    """The state of ``count`` episodes. All are at their end before they begin.

    Args:
        questions: what may be asked.
        moves: over the problem of the same task, with the same levels.
        count: how many.
        masked: what an action that is not allowed does.

    Attributes:
        question: of each episode; index among the questions.
        price: of each episode: the reward that the whole budget is worth.
        state: see :class:`~agenttts_env.per_query.moves.Moves`.
        base: cost of the accepted stages and of the models that were given up.
        allowed: which actions are: what some way to the end can still be paid with; all at the end, when none counts.
            :meth:`observe` brings it up to date; shape (actions, count).
        replaced: whether the last action was not allowed, and another was taken in its place.
    """

    def __init__(self, questions: Questions, moves: Moves, count: int, masked: Masked = "raise") -> None:
        self.questions, self.moves, self.view = questions, moves, View(moves)
        self._limit, self._budget = with_slack(moves.problem.budget), moves.problem.budget
        self._needs = moves.needs.reshape(-1, moves.actions)
        levels = len(questions.levels)
        self._table = questions.rows
        self._slot = np.where(moves.model >= 0, moves.model * levels + moves.level, -1)
        self._lengths_known = float(any(stage.lengths is not None for stage in questions.stages))
        share = (moves.model + 1) / np.array([*(len(s.models) for s in moves.problem.task.stages), 1])[moves.stage]
        self._kept = np.stack([share, self.view.samples], axis=1).astype(np.float32)

        self.masked = masked
        self.question = np.zeros(count, dtype=np.int64)
        self.price = np.zeros(count)
        self.state = np.full(count, moves.end)
        self.base = np.zeros(count)
        self.allowed: Mask = np.ones((moves.actions, count), dtype=np.bool_)
        self.replaced: Mask = np.zeros(count, dtype=np.bool_)
        self._lanes = np.arange(count)
        self._place = np.zeros(count, dtype=np.int64)  # first row of the context; the leaf at the end
        self._rival = np.full(count, NO_LEADER, dtype=np.float32)  # what led when a model was given up
        self._earlier = np.zeros((count, len(questions.stages), len(ACCEPTED)), dtype=np.float32)

    @property
    def done(self) -> Mask:
        """Which episodes are at their end."""
        done: Mask = self.state == self.moves.end
        return done

    @property
    def spent(self) -> Floats:
        """Cost so far."""
        spent: Floats = self.base + self.moves.drawn.take(self.state)
        return spent

    def scores(self, which: Ints) -> Floats:
        """What episodes that are at their end have scored."""
        return self.questions.scores[self._place[which]]

    def begin(self, which: Ints, question: Ints, price: Floats) -> None:
        """Begin other episodes."""
        self.question[which] = question
        self.price[which] = price
        self.state[which] = self.moves.start[0]
        self.base[which] = 0.0
        self._place[which] = self._table.roots[question]
        self._rival[which] = NO_LEADER
        self._earlier[which] = 0.0
        self.replaced[which] = False

    def take(self, actions: Ints) -> None:
        """Act in all episodes; nothing happens at an end.

        Raises:
            InvalidInputError: an action is not allowed, where that raises.
        """
        moves = self.moves
        fine = self.allowed[actions, self._lanes]
        if not fine.all():
            if self.masked == "raise":
                self._refuse(actions)
            actions = moves.nearest(actions, self.allowed)
        self.replaced = ~fine
        cells = self.state * moves.actions + actions
        leaving = np.flatnonzero((actions >= len(moves.draws)) & (self._slot.take(self.state) >= 0))
        if leaving.size:
            rows = self._rows(leaving)
            accepting = actions[leaving] == moves.accept
            accepted, at = leaving[accepting], rows[accepting]
            given_up = leaving[~accepting]
            self._rival[given_up] = self._table.agreement[rows[~accepting], LEADER]
            self._rival[accepted] = NO_LEADER
            states = self.state[accepted]
            self._earlier[accepted, moves.stage[states]] = np.concatenate(
                [self._kept[states], self._table.agreement[at, :2]], axis=1
            )
            self._place[accepted] = self._table.following[at]
        self.base += moves.gains.take(cells)
        self.state = moves.leads.take(cells)

    def observe(self) -> Observation:
        """Bring :attr:`allowed` up to date, and return what each policy sees; shape (count, names)."""
        view, moves = self.view, self.moves
        needs = self._needs.take(self.state, axis=0)
        needs += self.base[:, None]
        self.allowed[:] = (needs <= self._limit).T
        observations = np.empty((len(self.state), len(view.names)), dtype=np.float32)
        observations[:, : view.agreement.start] = view.of_state.take(self.state, axis=0)
        features = self._table.agreement.take(self._rows(slice(None)), axis=0)
        observations[:, view.agreement] = features[:, :LEADER]
        observations[:, view.lengths_known] = self._lengths_known
        leader = features[:, LEADER]
        observations[:, view.same] = (leader == self._rival) & (leader >= 0)
        spent, left, price = observations[:, view.money].T
        np.minimum(self.spent / self._budget, 1.0, out=spent, casting="same_kind")
        np.maximum(1.0 - (self.base + moves.least.take(self.state)) / self._budget, 0.0, out=left, casting="same_kind")
        price[:] = price_code(self.price)
        observations[:, view.accepted] = self._earlier[:, :-1].reshape(len(self.state), -1)
        return observations

    def _rows(self, which: Ints | slice) -> Ints:
        """Where the features of what is drawn stand; the last row is for nothing."""
        slots = self._slot.take(self.state[which])
        rows: Ints = np.where(slots >= 0, self._place[which] + slots, -1)
        return rows

    def _refuse(self, actions: Ints) -> None:
        moves, problem = self.moves, self.moves.problem
        bad = int(self.allowed[actions, self._lanes].argmin())
        stage = problem.task.stages[moves.stage[self.state[bad]]].name
        raise InvalidInputError(
            f"an action must be one that action_masks() leaves, but at stage {stage!r} sub-environment {bad} got "
            f"{actions[bad]} ({moves.describe(int(moves.stage[self.state[bad]]), int(actions[bad]))}), for which there "
            f"is no sample, no model or no budget ({problem.budget:.6g} {problem.cost.unit}, of which "
            f"{self.spent[bad]:.6g} is spent)"
        )
