"""What the LLM-driven searchers share: replies that are noted, proposals that are checked, retries that say why."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args

import numpy as np

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.prompts import with_rejections
from agenttts_env.agents.proposals import Proposal, parse_proposals, proposal_schema
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Prompt
from agenttts_env.errors import InvalidInputError, ProposalError
from agenttts_env.initial import SEEDED, InitRule, initial_allocations
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial

_MOST_NOTED = 20


class LLMSearcher(Searcher):
    """Asks an LLM for the next allocations whenever none is left.

    Proposals that are valid, within the budget and new become the next trials. After a reply without any the LLM is
    asked again, and told what was wrong; if there is still none after ``retries``, that costs one trial: the first
    well-formed proposal over budget is asked for, else the first well-formed repeat, else :class:`ProposalError` is
    raised. No other algorithm steps in. Every trial is in the history, failed and infeasible ones too.

    *Seeded*, a searcher first asks for the initial trials and is told their results like any others; *bare*, it begins
    by itself.

    Args:
        llm: who proposes.
        init_rule: begin with these trials (:func:`~agenttts_env.initial.initial_allocations`); None is bare.
        batch: how many allocations the LLM is asked for at once.
        history: how many trials a prompt shows, the last ones; None shows all.
        retries: how often a reply without a usable proposal is asked for again.

    Raises:
        InvalidInputError: an option is out of its range.
    """

    def __init__(
        self, llm: AgentLLM, *, init_rule: InitRule | None, batch: int, history: int | None = None, retries: int
    ) -> None:
        if init_rule is not None and init_rule not in get_args(InitRule):
            raise InvalidInputError(f"`init_rule` must be None or one of {get_args(InitRule)}, but got {init_rule!r}")
        if history is not None and history < 1:
            raise InvalidInputError(f"`history` must be >= 1 or None, but got {history}")
        at_least("batch", batch, 1)
        at_least("retries", retries, 0)
        self.llm = llm
        self.init_rule = init_rule
        self.batch = batch
        self.history = history
        self.retries = retries
        self._bare_name = self.name
        if init_rule is not None:
            self.name += SEEDED

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`. The LLM's replies have a seed of their own, the sampler's."""
        self._problem = problem
        self._rng = np.random.default_rng([seed, *self._bare_name.encode()])
        self._trials: list[Trial] = []
        self._tried: set[Allocation] = set()
        self._attempts: Counter[Prompt] = Counter()
        self._notes: list[dict[str, Any]] = []
        self._queue = deque(self._first())
        self.llm.reset()
        self._start()

    def ask(self) -> Allocation:
        """The next allocation; asks the LLM where none is left.

        Raises:
            ProposalError: no reply held a well-formed allocation.
            EngineError: the LLM cannot be reached.
        """
        if not self._queue:
            self._queue.extend(self._next())
        return self._queue.popleft()

    def tell(self, trial: Trial) -> None:
        """Take the trial into the history."""
        self._trials.append(trial)
        self._tried.update(allocation for allocation in (trial.requested, trial.allocation) if allocation is not None)

    @property
    def overhead(self) -> Ledger:
        """The LLM's inference since ``reset``."""
        return self.llm.ledger

    def notes(self) -> list[dict[str, Any]]:
        """Prompts with their replies, by ``kind``; and ``rejected`` proposals with the reason."""
        notes, self._notes = self._notes, []
        return notes

    def _first(self) -> Sequence[Allocation]:
        """What is asked for before the LLM is."""
        return initial_allocations(self._problem, self.init_rule) if self.init_rule else ()

    def _start(self) -> None:
        """Forget what a subclass knows of the search before this one."""

    @abstractmethod
    def _next(self) -> list[Allocation]:
        """The next allocations, one at least.

        Raises:
            ProposalError: see :meth:`ask`.
            EngineError: see :meth:`ask`.
        """

    def _propose(self, prompt: Prompt) -> list[Allocation]:
        """The new allocations of the first reply that holds any; else the one that the round costs."""
        rejected: list[Proposal] = []
        last: list[Proposal] = []
        for _ in range(1 + self.retries):
            last = self._draw(with_rejections(prompt, last))
            if new := new_ones(last):
                return new
            rejected += last
        return [self._unusable(rejected)]

    def _draw(self, prompt: Prompt, *, also_tried: Collection[Allocation] = ()) -> list[Proposal]:
        """What the next reply to a prompt proposes; one proposal at least. Rejected ones are noted."""
        reply = self._reply("candidates", prompt, proposal_schema(self._problem, self.batch))
        proposals = parse_proposals(reply, self._problem, self._tried.union(also_tried), most=self.batch)
        rejected = [proposal for proposal in proposals if proposal.kind != "new"]
        for proposal in rejected[:_MOST_NOTED]:
            self._note("rejected", why=proposal.kind, reason=proposal.reason, text=proposal.text)
        if len(rejected) > _MOST_NOTED:
            self._note("rejected", why="more", reason=f"{len(rejected) - _MOST_NOTED} more were rejected", text="")
        return proposals

    def _unusable(self, rejected: Sequence[Proposal]) -> Allocation:
        """The one allocation that it costs when no proposal is new.

        Raises:
            ProposalError: none is well-formed.
        """
        for kind in ("over budget", "duplicate"):
            for proposal in rejected:
                if proposal.kind == kind and proposal.allocation is not None:
                    return proposal.allocation
        raise ProposalError(
            f"no reply of {self.llm.model.name} held a valid allocation; the last: {rejected[-1].reason}"
        )

    def _reply(self, kind: str, prompt: Prompt, schema: Mapping[str, Any] | None = None, *, noted: bool = True) -> str:
        """The next reply to a prompt: one that was asked before in this search is not answered with the same again."""
        attempt = self._attempts[prompt]
        reply = self.llm.reply(prompt, schema=schema, attempt=attempt)
        self._attempts[prompt] += 1
        if noted:
            self._note(kind, attempt=attempt, prompt=readable(prompt), reply=reply)
        return reply

    def _note(self, kind: str, **content: Any) -> None:
        self._notes.append({"kind": kind, **content})

    def _shown(self) -> list[Trial]:
        return self._trials if self.history is None else self._trials[-self.history :]


def new_ones(proposals: Sequence[Proposal]) -> list[Allocation]:
    """The allocations that are valid, within the budget and untried."""
    return [proposal.allocation for proposal in proposals if proposal.kind == "new" and proposal.allocation is not None]


def readable(prompt: Prompt) -> list[dict[str, str]]:
    """A prompt for a note."""
    return [{"role": message.role, "content": message.content} for message in prompt]


def at_least(name: str, value: int, least: int) -> None:
    """Check an option.

    Raises:
        InvalidInputError: it is too small.
    """
    if value < least:
        raise InvalidInputError(f"`{name}` must be >= {least}, but got {value}")
