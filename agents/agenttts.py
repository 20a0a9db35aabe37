"""The AgentTTS searcher: an LLM that advises itself from the history, then proposes the next batch of trials."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.prompts import candidates_prompt, first_guideline_prompt, later_guideline_prompt
from agenttts_env.agents.proposals import Proposal, parse_proposals, proposal_schema
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Prompt
from agenttts_env.errors import InvalidInputError, ProposalError
from agenttts_env.initial import InitRule, initial_allocations
from agenttts_env.ledger import Ledger
from agenttts_env.problem import Problem
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial


class AgentTTSSearcher(Searcher):
    """The agent of arXiv 2508.00890: first trials by Insight 1, then rounds of a guideline and a batch of candidates.

    A round asks the LLM twice: for a guideline, from the trials so far, and for candidates, by the guidelines and the
    trials. Every trial is in the history, failed and infeasible ones too. Candidates that are valid, new and within the
    budget become the next trials. A reply without any is asked for again; if there is still none after ``retries``, the
    round costs one trial: the first well-formed proposal over budget is asked for, else the first well-formed repeat,
    else :class:`ProposalError` is raised. No other algorithm steps in.

    The paper's evolutionary alternative to the LLM's candidates never runs in its released code, and is left out. An
    insight that is switched off is in no prompt (there, the first guideline keeps all three).

    Args:
        llm: who advises and proposes.
        init_rule: rule of the first trials; see :mod:`agenttts_env.initial`.
        insight_1: start from Insight 1's trials, not from one random trial; ask about model sizes in the first
            guideline.
        insight_2: ask where more samples stop helping.
        insight_3: ask how to split the budget.
        batch: candidates of a round.
        guideline_window: how many of the first and of the last guidelines the candidates' prompt shows.
        history: how many trials a prompt shows, the last ones; None shows all.
        retries: how often a reply without a usable candidate is asked for again.

    Raises:
        InvalidInputError: an option is out of its range.
    """

    name = "agenttts"

    def __init__(
        self,
        llm: AgentLLM,
        *,
        init_rule: InitRule = "paper",
        insight_1: bool = True,
        insight_2: bool = True,
        insight_3: bool = True,
        batch: int = 10,
        guideline_window: tuple[int, int] = (1, 2),
        history: int | None = None,
        retries: int = 3,
    ) -> None:
        if batch < 1:
            raise InvalidInputError(f"`batch` must be >= 1, but got {batch}")
        if len(guideline_window) != 2 or min(guideline_window) < 0:
            raise InvalidInputError(f"`guideline_window` must be two numbers >= 0, but got {guideline_window}")
        if history is not None and history < 1:
            raise InvalidInputError(f"`history` must be >= 1 or None, but got {history}")
        if retries < 0:
            raise InvalidInputError(f"`retries` must be >= 0, but got {retries}")
        self.llm = llm
        self.init_rule = init_rule
        self.insights = (insight_1, insight_2, insight_3)
        self.batch = batch
        self.guideline_window = guideline_window
        self.history = history
        self.retries = retries

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`. The seed decides the random first trial only."""
        self._problem = problem
        self._schema = proposal_schema(problem, self.batch)
        if self.insights[0]:
            self._queue = deque(initial_allocations(problem, self.init_rule))
        else:
            self._queue = deque([problem.sample(np.random.default_rng([seed, *self.name.encode()]))])
        self._trials: list[Trial] = []
        self._tried: set[Allocation] = set()
        self._guidelines: list[str] = []
        self._advised = 0  # number of trials that the last guideline has seen
        self._attempts: Counter[Prompt] = Counter()
        self._notes: list[dict[str, Any]] = []
        self.llm.reset()

    def ask(self) -> Allocation:
        """The next candidate; asks the LLM for more where none is left.

        Raises:
            ProposalError: no reply of a round held a well-formed allocation.
            EngineError: the LLM cannot be reached.
        """
        if not self._queue:
            self._advise()
            self._queue.extend(self._propose())
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
        """Prompts and replies of kind ``guideline`` and ``candidates``; and ``rejected`` proposals with the reason."""
        notes, self._notes = self._notes, []
        return notes

    def _advise(self) -> None:
        shown = self._shown()
        if self._guidelines:
            old = [trial for trial in shown if trial.number < self._advised]
            recent = [trial for trial in shown if trial.number >= self._advised]
            prompt = later_guideline_prompt(self._problem, old, recent, self.insights)
        else:
            prompt = first_guideline_prompt(self._problem, shown, self.insights)
        self._guidelines.append(self._reply("guideline", prompt, None))
        self._advised = len(self._trials)

    def _propose(self) -> list[Allocation]:
        """The round's new candidates; where the LLM names none, the one allocation that the round costs."""
        prompt = candidates_prompt(self._problem, self._shown(), self._shown_guidelines(), self.batch)
        rejected: list[Proposal] = []
        for _ in range(1 + self.retries):
            reply = self._reply("candidates", prompt, self._schema)
            proposals = parse_proposals(reply, self._problem, self._tried, most=self.batch)
            for proposal in proposals:
                if proposal.kind != "new":
                    self._note("rejected", why=proposal.kind, reason=proposal.reason, text=proposal.text)
            new = [proposal.allocation for proposal in proposals if proposal.kind == "new" and proposal.allocation]
            if new:
                return new
            rejected += proposals
        for kind in ("over budget", "duplicate"):
            for proposal in rejected:
                if proposal.kind == kind and proposal.allocation is not None:
                    return [proposal.allocation]
        raise ProposalError(
            f"none of {1 + self.retries} replies of {self.llm.model.name} held a valid allocation; the last one: "
            f"{rejected[-1].reason}"
        )

    def _reply(self, kind: str, prompt: Prompt, schema: Mapping[str, Any] | None) -> str:
        """The next reply to a prompt: one that was asked before in this search is not answered with the same again."""
        attempt = self._attempts[prompt]
        reply = self.llm.reply(prompt, schema=schema, attempt=attempt)
        self._attempts[prompt] += 1
        messages = [{"role": message.role, "content": message.content} for message in prompt]
        self._note(kind, attempt=attempt, prompt=messages, reply=reply)
        return reply

    def _note(self, kind: str, **content: Any) -> None:
        self._notes.append({"kind": kind, **content})

    def _shown(self) -> list[Trial]:
        return self._trials if self.history is None else self._trials[-self.history :]

    def _shown_guidelines(self) -> list[str]:
        first, last = self.guideline_window
        count = len(self._guidelines)
        return [text for number, text in enumerate(self._guidelines) if number < first or number >= count - last]
