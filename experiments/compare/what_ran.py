"""What ran in a comparison and what did not, in words: nothing that no model wrote may look as if one had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agenttts_env.rendering import backend_label


def what_ran(settings: Mapping[str, Any]) -> str:
    """One sentence without its full stop, from the settings of a comparison."""
    label, llm = backend_label(settings["backend"]), settings.get("llm_backend")
    if llm is None:
        return f"{label}: no model ran"
    if llm == "live":
        return f"{label} scores: no model ran for them; the searchers' LLM was {settings['llm']}"
    return f"{label} scores, and the searchers' LLM was {backend_label(llm)} ({settings['llm']}): no model ran"
