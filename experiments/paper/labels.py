"""What the pages with searches say of where their numbers come from."""

from __future__ import annotations

from agenttts_env.experiments.paper.landscape import ORIGIN, SIMULATED
from agenttts_env.experiments.paper.preset import Context


def backend_of(context: Context) -> str:
    """``SIMULATED``, with the LLM if there is one."""
    return SIMULATED if context.options.llm is None else f"{SIMULATED} scores, {llm_name(context)}"


def llm_name(context: Context) -> str:
    """The LLM; one that is scripted is none."""
    engine, _, model = (context.options.llm or "").partition(":")
    return "a SCRIPTED stand-in (no LLM)" if engine == "scripted" else f"LLM {model} ({engine})"


def origin_of(context: Context) -> str:
    """See :data:`~agenttts_env.experiments.paper.landscape.ORIGIN`; and who wrote the proposals."""
    llm = context.options.llm
    if llm is None:
        return ORIGIN
    engine, _, model = llm.partition(":")
    if engine == "scripted":
        return (
            ORIGIN
            + "The searchers' LLM is SCRIPTED: its replies are made up, and what follows from them means nothing. "
        )
    weak = " It is a weak model, which says nothing about what a strong one would do." if "smollm2" in model else ""
    return ORIGIN + f"The searchers' proposals are real replies of {model}.{weak} "
