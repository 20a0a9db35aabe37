"""LLAMBO: Bayesian optimisation whose candidates and whose surrogate are an LLM's."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from statistics import NormalDist, fmean, pstdev

from agenttts_env.agents.llm import AgentLLM
from agenttts_env.agents.llm_searcher import LLMSearcher, at_least, new_ones, readable
from agenttts_env.agents.prompts import describe, describe_task, make_prompt, request, with_rejections
from agenttts_env.agents.proposals import Proposal, proposal_json
from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Prompt
from agenttts_env.errors import InvalidInputError, ProposalError
from agenttts_env.initial import InitRule

_ENOUGH = 5
_LEAST_RANGE = 0.1
_HIGHEST_TARGET = 0.9999
_LEAST_DEVIATION = 1e-5
_SCORE_SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 100}},
    "required": ["score"],
    "additionalProperties": False,
}
_SCORE = re.compile(r'"score"\s*:\s*(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)(?![\w.])')


class LLAMBOSearcher(LLMSearcher):
    """LLAMBO (arXiv 2402.03921): a sampler of candidates, a surrogate, and expected improvement.

    *Sampler*: the LLM sees (score, allocation) pairs and proposes allocations that it expects to reach a target: the
    best score so far plus ``alpha`` times the range of scores. *Surrogate*: for each candidate that is valid, new and
    within the budget it sees (allocation, score) pairs and predicts the candidate's score, several times; the mean and
    the deviation of its predictions give the expected improvement over the best score. The candidate with the highest
    is asked for. Both see the pairs in a new random order in every call. A trial takes about 20 surrogate calls and two
    of the sampler.

    What is different: models and sample counts are one JSON object, not separate hyperparameters in prose; the
    instruction to avoid the ends of ranges and round numbers is gone, since one sample of the largest model is often
    the right answer; a trial that failed or was over budget is shown with the score 0; one call of the sampler proposes
    several candidates, and candidates over budget never reach the surrogate; predictions are whole percents, two for
    each candidate and not ten; one that cannot be read is left out (there, the others' mean takes its place), and where
    none can be read the proposal is invalid; one temperature serves both.

    Args:
        llm: who proposes and predicts.
        warm_start: how many random allocations begin a bare search; not used where it is seeded.
        candidates: how many candidates the sampler is asked for, over all of its calls.
        orders: calls of the sampler for a trial; it is called up to ``retries`` more times while there are fewer than
            five candidates.
        generations: predictions for each candidate.
        alpha: see above; negative asks for less than the best.
        history: see :class:`~agenttts_env.agents.llm_searcher.LLMSearcher`.
        retries: see above.
        init_rule: see there.

    Raises:
        InvalidInputError: an option is out of its range.
    """

    name = "llambo"

    def __init__(
        self,
        llm: AgentLLM,
        *,
        warm_start: int = 5,
        candidates: int = 10,
        orders: int = 2,
        generations: int = 2,
        alpha: float = 0.1,
        history: int | None = None,
        retries: int = 3,
        init_rule: InitRule | None = None,
    ) -> None:
        for option, value in (("warm_start", warm_start), ("orders", orders), ("generations", generations)):
            at_least(option, value, 1)
        at_least("candidates", candidates, orders)
        if not -1 <= alpha <= 1:
            raise InvalidInputError(f"`alpha` must lie in [-1, 1], but got {alpha}")
        super().__init__(llm, init_rule=init_rule, batch=-(-candidates // orders), history=history, retries=retries)
        self.warm_start = warm_start
        self.candidates = candidates
        self.orders = orders
        self.generations = generations
        self.alpha = alpha

    def _first(self) -> Sequence[Allocation]:
        if self.init_rule is not None:
            return super()._first()
        drawn: dict[Allocation, None] = {}
        while len(drawn) < min(self.warm_start, self._problem.count()):
            drawn[self._problem.sample(self._rng)] = None
        return list(drawn)

    def _next(self) -> list[Allocation]:
        candidates, rejected = self._sample()
        if not candidates:
            return [self._unusable(rejected)]
        best = max((score for _, score in self._pairs()), default=0.0)
        gains: dict[Allocation, tuple[float, float]] = {}
        for candidate in candidates:
            if predictions := self._predict(candidate):
                gain = expected_improvement(predictions, best)
                gains[candidate] = gain, fmean(predictions)  # where all agree that nothing is gained, the mean decides
                self._note("gain", allocation=str(candidate), predictions=predictions, gain=gain)
        if not gains:
            raise ProposalError(
                f"no prediction of {self.llm.model.name} could be read, for {len(candidates)} candidates"
            )
        return [max(gains, key=lambda candidate: gains[candidate])]

    def _sample(self) -> tuple[list[Allocation], list[Proposal]]:
        """New candidates, if there are any; and rejected ones."""
        new: list[Allocation] = []
        rejected: list[Proposal] = []
        last: list[Proposal] = []
        for call in range(self.orders + self.retries):
            if call >= self.orders and len(new) >= min(_ENOUGH, self.candidates):
                break
            shown = last if last and not new_ones(last) else []
            last = self._draw(with_rejections(self._sampler_prompt(), shown), also_tried=new)
            new += new_ones(last)
            rejected += [proposal for proposal in last if proposal.kind != "new"]
        return new[: self.candidates], rejected

    def _sampler_prompt(self) -> Prompt:
        pairs = self._pairs()
        scores = [score for _, score in pairs] or [0.0]
        reach = self.alpha * max(max(scores) - min(scores), _LEAST_RANGE)
        target = min(max(scores) + reach, _HIGHEST_TARGET)
        lines = [f"score {score:.1%}: {self._json(allocation)}" for allocation, score in self._shuffled(pairs)]
        known = f"Scores ({self._problem.task.main_metric}) and the allocations that had them:\n" + "\n".join(lines)
        wanted = f"Which allocations have a score of {target:.2%}?"
        asked = request(self._problem, self.batch)
        return make_prompt(describe(self._problem), known if lines else "", f"{wanted} {asked}")

    def _predict(self, candidate: Allocation) -> list[float]:
        """The scores in [0, 1] that the LLM expects, those that can be read."""
        predictions, replies, prompts = [], [], []
        for _ in range(self.generations):
            lines = [
                f"{self._json(allocation)}: score {score:.1%}" for allocation, score in self._shuffled(self._pairs())
            ]
            known = f"Allocations and their scores ({self._problem.task.main_metric}):\n" + "\n".join(lines)
            asked = (
                f"Which score has {self._json(candidate)}? Reply with JSON alone, the score in whole percents from 0 "
                'to 100, as in {"score": 7}.'
            )
            prompts.append(make_prompt(describe_task(self._problem), known if lines else "", asked))
            replies.append(self._reply("prediction", prompts[-1], _SCORE_SCHEMA, noted=False))
            score = read_score(replies[-1])
            if score is not None:
                predictions.append(score)
        self._note("prediction", allocation=str(candidate), prompt=readable(prompts[0]), replies=replies)
        return predictions

    def _pairs(self) -> list[tuple[Allocation, float]]:
        """Every allocation that was asked for, with its score; 0 where it was not completed."""
        shown = [(trial.allocation or trial.requested, trial.score or 0.0) for trial in self._shown()]
        return [(allocation, score) for allocation, score in shown if allocation is not None]

    def _shuffled(self, pairs: list[tuple[Allocation, float]]) -> list[tuple[Allocation, float]]:
        return [pairs[place] for place in self._rng.permutation(len(pairs))]

    def _json(self, allocation: Allocation) -> str:
        return json.dumps(proposal_json(self._problem, allocation))


def read_score(reply: str) -> float | None:
    """The last score of a reply, as a share; None without one from 0 to 100."""
    found = _SCORE.findall(reply)
    score = float(found[-1]) if found else -1.0
    return score / 100 if 0 <= score <= 100 else None


def expected_improvement(predictions: Sequence[float], best: float) -> float:
    """Expected improvement over ``best`` under a normal distribution with the predictions' mean and deviation."""
    mean, deviation = fmean(predictions), max(pstdev(predictions), _LEAST_DEVIATION)
    z = (mean - best) / deviation
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return (mean - best) * NormalDist().cdf(z) + deviation * density
