"""MLCopilot: an LLM that first learns from the search history of another task."""

from __future__ import annotations

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher
from agenttts_env.agents.prompts import best_line, describe, make_prompt, request, table
from agenttts_env.agents.source_history import PAIRS, SourceHistory, read_source, simulate_source
from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.initial import InitRule
from agenttts_env.problem import Problem

SIMULATED, NO_SOURCE = "simulated", "none"

_MOST_KNOWLEDGE_CHARACTERS = 1500
_EXAMPLES = 3


class MLCopilotSearcher(LLMSearcher):
    """MLCopilot (arXiv 2304.14979): knowledge from a similar task's search history, then proposals for this one.

    Before its first proposal the LLM reads the other task's trials, with sample counts and costs in five words (*very
    low* to *very high*, by the quantiles .1, .3, .5, .7 and .9 of that history), and writes down what they teach. A
    proposal's prompt has that knowledge, the three best trials of the other task, and the problem; *iterated*, this
    search's own trials too.

    What is different: published, MLCopilot stops after three proposals and never sees a result of its own
    (``iterated=False`` comes near to it, and asks the same again as long as there are trials); arXiv 2508.00890 lets it
    iterate, which is the default here. One task is the source instead of the most similar of many, so that knowledge
    is written once, not chosen from three drafts by how they do on a task that was held out. Proposals state numbers,
    not words.

    Which source counts for how much: the pairs are fixed here, 2WikiMultiHopQA and HotpotQA, CWQ and WebQSP, and the
    published best allocations of such neighbours nearly coincide, so that much is told by the choice of the pair. A
    note says what the source was and what inference its trials took; that is no part of this search's own cost.

    Args:
        llm: who learns and proposes.
        source: the folder of a finished run, which must be of another task, and should be of other data (only the task
            can be checked); or ``simulated``: a random search over the simulated landscape of the pair's other task, on
            a data set of its own (no source where a task is in no pair; refused for a live task); or ``none``.
        iterated: whether prompts show this search's own trials.
        batch: see :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.
        history: see there.
        retries: see there.
        init_rule: see there.

    Raises:
        InvalidInputError: an option is out of its range, or the source is not finished or holds no complete trial.
        RunLogError: the source is not a run's folder.
    """

    name = "mlcopilot"

    def __init__(
        self,
        llm: AgentLLM,
        *,
        source: str = SIMULATED,
        iterated: bool = True,
        batch: int = 10,
        history: int | None = None,
        retries: int = 3,
        init_rule: InitRule | None = None,
    ) -> None:
        super().__init__(llm, init_rule=init_rule, batch=batch, history=history, retries=retries)
        self.source = source
        self.iterated = iterated
        self._read = None if source in (SIMULATED, NO_SOURCE) else read_source(source)

    def reset(self, problem: Problem, *, trials: int, seed: int) -> None:
        """See :class:`~agenttts_env.searcher.Searcher`.

        Raises:
            InvalidInputError: the source is this task, or ``simulated`` for a live one.
        """
        self._source = self._find_source(problem)
        super().reset(problem, trials=trials, seed=seed)

    def _find_source(self, problem: Problem) -> SourceHistory | None:
        task = problem.task
        if self._read is not None:
            if self._read.task == task.name:
                raise InvalidInputError(f"`source` must be a run of another task than {task.name!r}, but is one of it")
            return self._read
        if self.source == NO_SOURCE or task.name not in PAIRS:
            return None
        if task.pipeline is not None:
            raise InvalidInputError(
                f"`source` must be a run's folder or {NO_SOURCE!r} for a live task such as {task.name!r}, but is "
                f"{SIMULATED!r}"
            )
        return simulate_source(PAIRS[task.name], problem.cost.name, problem.levels)

    def _start(self) -> None:
        self._knowledge = ""
        source = self._source
        self._note(
            "source",
            task=None if source is None else source.task,
            origin="no source" if source is None else source.origin,
            ledger=None if source is None else source.ledger.to_json(),
        )

    def _next(self) -> list[Allocation]:
        if self._source is not None and not self._knowledge:
            self._knowledge = self._learn(self._source)
        shown = self._shown() if self.iterated else []
        return self._propose(
            make_prompt(
                describe(self._problem),
                self._knowledge,
                table("Trials so far", shown),
                best_line(self._problem, shown),
                request(self._problem, self.batch, after_trials=bool(shown)),
            )
        )

    def _learn(self, source: SourceHistory) -> str:
        """The part of a proposal's prompt that comes from the other task."""
        ending = (
            "Which regularities do these trials show that may hold for a similar task too: which models suit which "
            "stage, where more samples help and where they do not, what a good balance is? List five at most, in 120 "
            "words."
        )
        history = f"Trials of the task {source.task}. Words for counts and costs rank them within this list:\n"
        reply = self._reply("knowledge", make_prompt(history + source.verbalise(source.trials), ending))
        best = f"The best trials of the similar task {source.task}, in words that rank them within that task:\n"
        return (
            f"{best}{source.verbalise(source.best(_EXAMPLES))}\n\n"
            f"What that task taught:\n{reply[:_MOST_KNOWLEDGE_CHARACTERS].strip()}"
        )
