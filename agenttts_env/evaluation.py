"""What came out when an allocation was run on a split."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from agenttts_env.ledger import Ledger


@dataclass(frozen=True)
class Evaluation:
    """Scores per example, and what they took.

    Attributes:
        scores: for each metric the score of every example, in the split's order; each in [0, 1]. An example whose
            output could not be parsed has score 0 and is in here like any other.
        ledgers: for each stage what was computed and reused.
        parse_failures: for each stage the number of samples that stated no output.
        samples: for each stage the number of samples parsed, over all examples (fusing calls included).
    """

    scores: Mapping[str, tuple[float, ...]]
    ledgers: Mapping[str, Ledger]
    parse_failures: Mapping[str, int]
    samples: Mapping[str, int]

    @property
    def ledger(self) -> Ledger:
        """The sum over stages."""
        return reduce(add, self.ledgers.values(), Ledger())

    def mean(self, metric: str) -> float:
        """Mean over examples."""
        values = self.scores[metric]
        return math.fsum(values) / len(values)

    def standard_error(self, metric: str) -> float:
        """Standard error of :meth:`mean` over examples; 0 for a single example."""
        values = self.scores[metric]
        if len(values) < 2:
            return 0.0
        mean = self.mean(metric)
        variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
        return math.sqrt(variance / len(values))
