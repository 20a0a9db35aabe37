"""Searchers without an LLM."""

from agenttts_env.baselines.budget_split import BudgetSplit
from agenttts_env.baselines.cmaes_search import CmaEsSearcher
from agenttts_env.baselines.evolution import EvolutionSearcher
from agenttts_env.baselines.grid_search import GridSearcher
from agenttts_env.baselines.init_only import InitOnlySearcher
from agenttts_env.baselines.insight_rules import InsightRulesSearcher
from agenttts_env.baselines.optuna_search import OptunaSearcher
from agenttts_env.baselines.random_search import RandomSearcher

__all__ = [
    "BudgetSplit",
    "CmaEsSearcher",
    "EvolutionSearcher",
    "GridSearcher",
    "InitOnlySearcher",
    "InsightRulesSearcher",
    "OptunaSearcher",
    "RandomSearcher",
]
