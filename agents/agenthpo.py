"""AgentHPO: an LLM that reads the log of its trials, proposes the next one, and writes down what it learnt."""

from __future__ import annotations

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher, at_least
from agenttts_env.agents.prompts import best_line, describe, make_prompt, request, table
from agenttts_env.allocation import Allocation
from agenttts_env.initial import InitRule

_MOST_SUMMARY_CHARACTERS = 400


class AgentHPOSearcher(LLMSearcher):
    """The two agents of AgentHPO (arXiv 2402.01881), each reduced to one question.

    Its *creator* proposes one setting from the objective, the ranges and the log, and is to explore what the log lacks.
    Its *executor* runs the setting and ends with a summary of the run. Here the environment runs it, and the LLM is
    asked for the summary alone: once after every trial, or after every batch. No insight about test-time scaling is in
    the prompts.

    What is different: the agents' tools (reading and writing a configuration file, running a script, reading logs) and
    their reasoning steps between tool calls have no place here; the creator sees the log in its prompt instead of
    asking for it; it is told what things cost and what the budget is; replies are JSON; repeats are rejected, not only
    discouraged; one temperature serves both agents (there, 0 and 0.7).

    Args:
        llm: who proposes and summarises.
        batch: 1 is the published way; more are proposed, run and summarised together.
        summaries: how many of the last summaries the log shows.
        history: see :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.
        retries: see there.
        init_rule: see there. One summary covers all initial trials.

    Raises:
        InvalidInputError: an option is out of its range.
    """

    name = "agenthpo"

    def __init__(
        self,
        llm: AgentLLM,
        *,
        batch: int = 1,
        summaries: int = 10,
        history: int | None = None,
        retries: int = 3,
        init_rule: InitRule | None = None,
    ) -> None:
        super().__init__(llm, init_rule=init_rule, batch=batch, history=history, retries=retries)
        at_least("summaries", summaries, 0)
        self.summaries = summaries

    def _start(self) -> None:
        self._summaries: list[str] = []
        self._summarised = 0  # number of trials that a summary has covered

    def _next(self) -> list[Allocation]:
        if self._summarised < len(self._trials):
            self._summarise()
        shown = self._shown()
        asked = request(self._problem, self.batch, after_trials=bool(shown))
        if shown:
            asked = f"Choose what the trials above leave unexplored, or refine what they show to be good. {asked}"
        return self._propose(
            make_prompt(
                describe(self._problem),
                table("Trials so far", shown),
                best_line(self._problem, shown),
                self._shown_summaries(),
                asked,
            )
        )

    def _summarise(self) -> None:
        first = self._summarised
        before, new = self._trials[:first], self._trials[first:]
        ending = (
            "Sum up the new trials in 50 words at most: how they compare with the earlier ones, and what explains the "
            "difference. Do not propose a trial."
        )
        prompt = make_prompt(
            describe(self._problem),
            table("Earlier trials", before if self.history is None else before[-self.history :]),
            best_line(self._problem, before),
            table("New trials", new),
            ending,
        )
        text = " ".join(self._reply("summary", prompt).split())[:_MOST_SUMMARY_CHARACTERS]
        label = f"Trial {first}" if len(new) == 1 else f"Trials {first} to {first + len(new) - 1}"
        self._summaries.append(f"- {label}: {text}")
        self._summarised = len(self._trials)

    def _shown_summaries(self) -> str:
        shown = self._summaries[max(len(self._summaries) - self.summaries, 0) :]
        return "\n".join(["Notes on these trials:", *shown]) if shown else ""
