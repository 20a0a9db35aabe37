"""The contract tests that this package ships for those who implement its seams."""

from agenttts_env.testing.engine import check_engine, collect
from agenttts_env.testing.searcher import ScriptedObjective, check_searcher
from agenttts_env.testing.task import check_task

__all__ = ["ScriptedObjective", "check_engine", "check_searcher", "check_task", "collect"]
