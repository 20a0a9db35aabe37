"""What the paper prints of its experiments, beside what :mod:`agenttts_env.experiments.published` is fitted to."""

from __future__ import annotations

from collections.abc import Mapping

TASKS = ("2wikimultihopqa", "hotpotqa", "cwq", "webqsp", "taskbench", "chatdev")
"""In the paper's order."""

METHODS: Mapping[str, str] = {
    "random": "Random",
    "tpe": "BO",
    "zero-shot": "LLM_ZS",
    "mlcopilot": "MLCopilot",
    "agenthpo": "AgentHPO",
    "agenttts": "AgentTTS",
}
"""The paper's methods by the searchers here that come closest."""

TABLE_1: Mapping[str, tuple[float, ...]] = {
    "Random": (0.66, 0.71, 0.76, 0.86, 0.40, 0.74),
    "BO": (0.60, 0.71, 0.76, 0.85, 0.52, 0.75),
    "LLM_ZS": (0.70, 0.71, 0.76, 0.89, 0.49, 0.74),
    "MLCopilot": (0.70, 0.72, 0.78, 0.88, 0.53, 0.75),
    "AgentHPO": (0.70, 0.74, 0.78, 0.89, 0.49, 0.74),
    "AgentTTS": (0.72, 0.74, 0.78, 0.89, 0.53, 0.75),
}
"""Table 1: test scores (500 examples) by task of :data:`TASKS`: EM, EM, EM, EM, p-F1, consistency."""

BUDGETS: Mapping[str, float] = {
    "2wikimultihopqa": 1000.0,
    "hotpotqa": 1000.0,
    "cwq": 550.0,
    "webqsp": 550.0,
    "taskbench": 2000.0,
    "chatdev": 2000.0,
}
"""Of the released run commands; the chosen allocations of CWQ, WebQSP and ChatDev cost more than the rule in the "
"text."""

SIZES = (50, 75, 100)
"""Figure 4a-c: training examples."""

FEW_BUDGETS = (500.0, 900.0, 2000.0)
"""Figure 6."""

ABLATION_BUDGET = 900.0

ABLATION: Mapping[str, float] = {"insight_1": float("inf"), "insight_2": 29, "insight_3": 38}
"""Figure 4d: the trial at which the optimum is found without an insight; infinite: never."""

PRICES: Mapping[str, float] = {
    "qwen2.5-72b": 1.20,
    "qwen2.5-32b": 0.80,
    "qwen2.5-7b": 0.30,
    "llama-3.1-70b": 0.88,
    "llama-3.1-8b": 0.18,
    "llama-3.2-3b": 0.06,
}
"""Table 10: US dollars per million tokens."""

CASE_BUDGET = 850.0
CASE_COSTS: Mapping[str, float] = {"qwen2.5-72b x1": 814, "llama-3.2-3b x50": 52}
"""The case study at budget 850: what the optimum of each stage alone costs."""

TEST_EXAMPLES = 500
"""Of the paper's test sets."""
