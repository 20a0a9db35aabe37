"""The exceptions of the package: one tree, whose messages state the rule and the value that broke it."""

from __future__ import annotations

from agenttts_env.ledger import Ledger


class AgentTTSError(Exception):
    """Everything that this package raises on purpose."""


class InvalidInputError(AgentTTSError, ValueError):
    """An option, a file or an allocation breaks a rule; nothing expensive has run."""


class InfeasibleError(AgentTTSError):
    """An allocation costs more than the budget, and the environment was told to raise."""


class EngineError(AgentTTSError):
    """An engine could not produce all the samples asked for; those that it did produce are stored.

    Attributes:
        ledger: what was spent and reused all the same.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.ledger = Ledger()


class ProposalError(AgentTTSError):
    """A searcher could not name an allocation (for example, an LLM wrote garbage to the last retry)."""


class RunLogError(AgentTTSError):
    """A run folder cannot be resumed: it holds other settings, or a log that this search does not lead to."""


class SandboxError(AgentTTSError):
    """Generated programs cannot be run safely here, or the sandbox itself failed; never what a program does."""


class MissingExtraError(AgentTTSError, ImportError):
    """An optional dependency is not installed.

    Args:
        module: the module that could not be imported.
        extra: the extra of this package that carries it.
    """

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed; run: pip install 'agenttts-env[{extra}]'")
        self.module = module
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.module, self.extra)
