"""The AgentTTS searcher: an LLM that advises itself from the history, then proposes the next batch of trials."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher
from agenttts_env.agents.prompts import best_line, describe, make_prompt, request, table
from agenttts_env.allocation import Allocation
from agenttts_env.errors import InvalidInputError
from agenttts_env.evolution import breed, ranked
from agenttts_env.initial import InitRule

INSIGHT_1 = (
    "Models. Compare trials of about the same cost: which size suits each stage? A large model has to earn its place "
    "with a lead that is more than noise; if the sizes do about equally well, take the small one."
)
INSIGHT_2 = (
    "Samples. Extra samples pay off only up to some count, and past it the score may even drop. For each stage: should "
    "its count go up or down from here, and around which count do you expect the gains to end?"
)
INSIGHT_3 = (
    "Budget. Whatever one stage spends, the others lack. Which stage should be served first, which different splits "
    "deserve a trial, and what balance do you aim at?"
)
NO_INSIGHT = "What do these trials teach, and what should be tried next?"

_MOST_GUIDELINE_CHARACTERS = 1500
_POPULATION = 10
_MOST_DRAWS = 100
_CHOICES = ("own", "evolved")
_CHOICE = re.compile(r'"list"\s*:\s*"(own|evolved)"')
_CHOICE_SCHEMA = {
    "type": "object",
    "properties": {"list": {"type": "string", "enum": list(_CHOICES)}},
    "required": ["list"],
    "additionalProperties": False,
}


class AgentTTSSearcher(LLMSearcher):
    """The agent of arXiv 2508.00890: first trials by Insight 1, then rounds of a guideline and a batch of candidates.

    A round asks the LLM twice: for a guideline, from the trials so far, and for candidates, by the guidelines and the
    trials. What becomes of the candidates is told in :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.

    What is different from the released code: failed and infeasible trials are in the history; candidates are checked,
    and asked for again where none can be used; an insight that is switched off is in no prompt (there, the first
    guideline keeps all three).

    With ``evolve`` a round asks a third question: which list is to be tried, the LLM's own new candidates, or as many
    evolved ones (half of them children of the ten best trials by :func:`~agenttts_env.evolution.breed`, the rest
    random). The released code carries that alternative, with faults, and never runs it; hence
    it is off by default. A reply that names no list is asked for again; after ``retries`` the round's own candidates
    stand, and a note says so. Where the LLM has proposed nothing new, there is nothing to choose: the round costs its
    trial as ever.

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
        evolve: let the LLM choose between its candidates and evolved ones.

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
        evolve: bool = False,
    ) -> None:
        if init_rule is None:
            raise InvalidInputError(
                "`init_rule` must not be None: without Insight 1's trials, set `insight_1` to False"
            )
        super().__init__(llm, init_rule=init_rule, batch=batch, history=history, retries=retries)
        self.name = self._bare_name  # Insight 1 is a part of it: there is no other way to be seeded
        if len(guideline_window) != 2 or min(guideline_window) < 0:
            raise InvalidInputError(f"`guideline_window` must be two numbers >= 0, but got {guideline_window}")
        self.insights = (insight_1, insight_2, insight_3)
        self.guideline_window = guideline_window
        self.evolve = evolve

    def _first(self) -> Sequence[Allocation]:
        return super()._first() if self.insights[0] else [self._problem.sample(self._rng)]

    def _start(self) -> None:
        self._guidelines: list[str] = []
        self._advised = 0  # number of trials that the last guideline has seen

    def _next(self) -> list[Allocation]:
        self._advise()
        shown = self._shown()
        advice = [
            f"Advice {number}:\n{text[:_MOST_GUIDELINE_CHARACTERS].strip()}"
            for number, text in enumerate(self._shown_guidelines(), 1)
        ]
        context = (
            describe(self._problem),
            table("Trials so far", shown),
            best_line(self._problem, shown),
            *advice,
        )
        own = self._propose(make_prompt(*context, request(self._problem, self.batch)))
        if not self.evolve or own[0] in self._tried or not self._problem.is_feasible(own[0]):
            return own
        evolved = self._evolved(len(own), own)
        return evolved if evolved and self._choose(context, own, evolved) == "evolved" else own

    def _evolved(self, count: int, own: Sequence[Allocation]) -> list[Allocation]:
        """As many feasible allocations that are neither tried nor among ``own``; fewer where no more are found."""
        elders = ranked(self._trials)[:_POPULATION]
        taken, evolved = self._tried.union(own), list[Allocation]()
        for number in range(count):
            child = breed(self._rng, self._problem, elders, taken) if elders and number < (count + 1) // 2 else None
            draws = (self._problem.sample(self._rng) for _ in range(_MOST_DRAWS))
            new = child or next((allocation for allocation in draws if allocation not in taken), None)
            if new is not None:
                evolved.append(new)
                taken.add(new)
        return evolved

    def _choose(self, context: Sequence[str], own: Sequence[Allocation], evolved: Sequence[Allocation]) -> str:
        prompt = make_prompt(
            *context,
            self._listed("List own, your candidates by this advice", own),
            self._listed("List evolved, bred from the best trials and partly random", evolved),
            "Which list should be tried next? Your own follows what is known; the other is worth its trials where the "
            "scores hardly differ any more, or where the search has stayed in one corner. Reply with JSON alone, "
            f"{json.dumps({'list': 'own'})} or {json.dumps({'list': 'evolved'})}.",
        )
        for _ in range(1 + self.retries):
            chosen = read_choice(self._reply("choice", prompt, _CHOICE_SCHEMA))
            if chosen is not None:
                self._note("chosen", list=chosen, own=[*map(str, own)], evolved=[*map(str, evolved)])
                return chosen
        self._note("rejected", why="no choice", reason="no reply named a list, so the own candidates stand", text="")
        return "own"

    def _listed(self, title: str, allocations: Sequence[Allocation]) -> str:
        costs = (f"- {allocation} | cost {self._problem.cost_of(allocation):.4g}" for allocation in allocations)
        return "\n".join([f"{title}:", *costs])

    def _advise(self) -> None:
        shown = self._shown()
        asked = zip((INSIGHT_1, INSIGHT_2, INSIGHT_3), self.insights, strict=True)
        questions = [text for text, on in asked if on]
        tables = [table("Trials so far", shown)]
        if self._guidelines:
            questions = [text for text in questions if text != INSIGHT_1]  # the models are settled by now
            tables = [
                table("Earlier trials", [trial for trial in shown if trial.number < self._advised]),
                table("Trials since the last advice", [trial for trial in shown if trial.number >= self._advised]),
            ]
        listed = "\n".join(f"{number}. {text}" for number, text in enumerate(questions or [NO_INSIGHT], 1))
        ending = f"Give advice for choosing the next trials, in 120 words at most:\n{listed}"
        prompt = make_prompt(describe(self._problem), *tables, best_line(self._problem, shown), ending)
        self._guidelines.append(self._reply("guideline", prompt))
        self._advised = len(self._trials)

    def _shown_guidelines(self) -> list[str]:
        first, last = self.guideline_window
        count = len(self._guidelines)
        return [text for number, text in enumerate(self._guidelines) if number < first or number >= count - last]


def read_choice(reply: str) -> str | None:
    """The last list that a reply names; None if it names none."""
    found = _CHOICE.findall(reply)
    return found[-1] if found else None
