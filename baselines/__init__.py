"""Searchers without an LLM."""

from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.baselines.random_search import RandomSearcher

__all__ = ["BudgetSplit", "InsightRulesSearcher", "OptunaSearcher", "RandomSearcher"]
