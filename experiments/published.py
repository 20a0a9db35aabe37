"""What the paper and its code's comments report, as data: figures to calibrate to and to compare with.

The numbers are facts of AgentTTS (arXiv 2508.00890) and of the comments in its public code; what is our inference says
so. Where the printed table and the comments differ, the comment's three digits are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agenttts_env.allocation import Allocation

QWEN = {"7B": "qwen2.5-7b", "32B": "qwen2.5-32b", "72B": "qwen2.5-72b"}
LLAMA = {"3B": "llama-3.2-3b", "8B": "llama-3.1-8b", "70B": "llama-3.1-70b"}


@dataclass(frozen=True)
class Score:
    """One reported score.

    Attributes:
        what: where it comes from.
        allocation: what was run.
        value: of the main metric.
    """

    what: str
    allocation: Allocation
    value: float


@dataclass(frozen=True)
class Published:
    """What is reported of a task.

    Attributes:
        budgets: the budgets that were used, the main comparison's first.
        optimum: the allocation that the paper's method chose.
        tests: scores of chosen allocations on the test set (500 examples).
        training: scores on the training set (50 examples).
        optima: optima of single budgets, as reported.
    """

    budgets: tuple[float, ...]
    optimum: Allocation
    tests: tuple[Score, ...]
    training: tuple[Score, ...] = ()
    optima: Mapping[float, Allocation] = field(default_factory=dict)


def _qa(retrieve: str, first: int, answer: str, second: int) -> Allocation:
    return Allocation.of((QWEN[retrieve], first), (LLAMA[answer], second))


def _three(*stages: tuple[str, int]) -> Allocation:
    return Allocation.of(*((LLAMA[model], samples) for model, samples in stages))


TEMPERATURES = (0.1, 0.5, 0.9)
TABLE_2 = {
    1: (0.70, 0.64, 0.66),
    10: (0.70, 0.78, 0.78),
    20: (0.72, 0.76, 0.78),
    30: (0.74, 0.78, 0.72),
    40: (0.74, 0.76, 0.78),
    50: (0.74, 0.72, 0.78),
    60: (0.74, 0.78, 0.80),
    70: (0.76, 0.72, 0.74),
    80: (0.76, 0.76, 0.78),
    90: (0.74, 0.72, 0.76),
}
"""Table 2: EM on 2WikiMultiHopQA's training set with 72B x1 at retrieval, by the samples of 3B and by temperature."""

PUBLISHED: Mapping[str, Published] = {
    "2wikimultihopqa": Published(
        (1000.0, 500.0, 850.0, 900.0, 2000.0),
        _qa("72B", 1, "3B", 50),
        (
            Score("AgentTTS", _qa("72B", 1, "3B", 50), 0.72),
            Score("AgentHPO, zero-shot", _qa("72B", 1, "3B", 100), 0.70),
            Score("MLCopilot", _qa("72B", 1, "3B", 90), 0.70),
            Score("BO", _qa("72B", 1, "3B", 1), 0.60),
            Score("Random", _qa("32B", 20, "8B", 20), 0.66),
        ),
        tuple(Score("Table 2, T 0.9", _qa("72B", 1, "3B", s), row[2]) for s, row in TABLE_2.items()),
        {500.0: _qa("32B", 5, "3B", 20), 850.0: _qa("72B", 1, "3B", 15)},
    ),
    "hotpotqa": Published(
        (1000.0,),
        _qa("72B", 1, "3B", 40),
        (
            Score("AgentTTS, AgentHPO", _qa("72B", 1, "3B", 40), 0.732),  # two runs: .742 and .722
            Score("MLCopilot", _qa("72B", 1, "3B", 25), 0.716),  # .708, .724
            Score("zero-shot", _qa("72B", 1, "3B", 10), 0.714),
            Score("BO, Random", _qa("72B", 1, "3B", 30), 0.711),  # .716, .706
        ),
    ),
    "cwq": Published(
        (550.0,),
        _qa("72B", 1, "8B", 10),
        (
            Score("AgentTTS", _qa("72B", 1, "8B", 10), 0.776),
            Score("AgentHPO", _qa("72B", 1, "8B", 60), 0.784),
            Score("MLCopilot", _qa("72B", 2, "8B", 15), 0.782),
            Score("zero-shot", _qa("72B", 4, "8B", 5), 0.764),
            Score("BO", _qa("7B", 1, "70B", 10), 0.778),
            Score("Random", _qa("7B", 50, "8B", 30), 0.784),
        ),
    ),
    "webqsp": Published(
        (550.0,),
        _qa("72B", 1, "8B", 50),
        (
            Score("AgentTTS, AgentHPO", _qa("72B", 1, "8B", 50), 0.894),
            Score("MLCopilot", _qa("7B", 1, "70B", 4), 0.88),
            Score("zero-shot", _qa("7B", 30, "70B", 10), 0.885),
            Score("BO, Random", _qa("7B", 10, "70B", 10), 0.880),
        ),
    ),
    "taskbench": Published(
        (2000.0,),
        _three(("8B", 20), ("70B", 3), ("70B", 1)),
        (
            Score("AgentTTS (Table 1)", _three(("8B", 20), ("70B", 3), ("70B", 1)), 0.53),
            Score("AgentHPO (Table 1)", _three(("8B", 1), ("8B", 50), ("70B", 1)), 0.49),
            Score("MLCopilot", _three(("70B", 4), ("8B", 20), ("70B", 1)), 0.527),
            Score("zero-shot (Table 1)", _three(("8B", 1), ("8B", 50), ("8B", 1)), 0.49),
            Score("BO", _three(("8B", 1), ("70B", 2), ("70B", 1)), 0.52),
            Score("Random", _three(("8B", 10), ("8B", 1), ("8B", 1)), 0.431),
        ),
    ),
    "chatdev": Published(
        (2000.0,),
        _three(("70B", 2), ("3B", 60), ("3B", 90)),
        (
            Score("AgentTTS", _three(("70B", 2), ("3B", 60), ("3B", 90)), 0.748),
            Score("AgentHPO", _three(("3B", 70), ("3B", 30), ("70B", 1)), 0.740),
            Score("MLCopilot", _three(("70B", 3), ("3B", 2), ("70B", 1)), 0.752),
            Score("zero-shot", _three(("70B", 2), ("3B", 70), ("3B", 70)), 0.738),
            Score("BO", _three(("3B", 30), ("3B", 60), ("3B", 1)), 0.752),
            Score("Random", _three(("70B", 3), ("3B", 50), ("3B", 1)), 0.741),
        ),
    ),
}
