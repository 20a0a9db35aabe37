"""Running programs that an LLM wrote: ``Sandbox`` contains them, ``Execution`` says what became of them."""

from __future__ import annotations

from agenttts_env.sandbox.execution import Execution, Status
from agenttts_env.sandbox.limits import Limits
from agenttts_env.sandbox.protections import BASIC, GUARANTEES, Protections
from agenttts_env.sandbox.sandbox import Sandbox

__all__ = ["BASIC", "GUARANTEES", "Execution", "Limits", "Protections", "Sandbox", "Status"]
