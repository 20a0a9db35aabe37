"""Zero-shot proposals: an LLM that sees the problem and none of its trials."""

from __future__ import annotations

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher
from agenttts_env.agents.prompts import describe, make_prompt, request
from agenttts_env.allocation import Allocation
from agenttts_env.initial import InitRule


class ZeroShotSearcher(LLMSearcher):
    """Asks one and the same question, the problem without any result, as often as there are trials to fill.

    The LLM is asked for batches of different allocations; what was tried before is dropped, and only after a reply of
    which nothing is left is it told so. arXiv 2508.00890 names this baseline and no more: the batches, the wish that
    they be distinct, and the repeated question are ours. Its LLM needs a temperature above 0, or every reply to the
    question is the same.

    Args:
        llm: who proposes.
        batch: see :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.
        retries: see there.
        init_rule: see there. The LLM sees nothing of these trials either.
    """

    name = "zero-shot"

    def __init__(self, llm: AgentLLM, *, batch: int = 10, retries: int = 3, init_rule: InitRule | None = None) -> None:
        super().__init__(llm, init_rule=init_rule, batch=batch, retries=retries)

    def _next(self) -> list[Allocation]:
        asked = request(self._problem, self.batch, after_trials=False)
        return self._propose(make_prompt(describe(self._problem), asked))
