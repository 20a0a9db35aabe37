"""One record of a task-automation data set."""

from __future__ import annotations

from dataclasses import dataclass

from agenttts_env.errors import InvalidInputError
from agenttts_env.tasks.toolbox import Call, Toolbox


@dataclass(frozen=True)
class AutomationExample:
    """A request, the tools that are there for it, and the gold of all stages.

    Attributes:
        id: unique within the data set.
        question: what the user asks for; not blank.
        toolbox: the tools, the same object for all examples of a domain.
        steps: the gold steps; not empty, none is blank.
        calls: the gold calls; not empty. A tool may be none of the toolbox, and an argument none of its tool's.

    Raises:
        InvalidInputError: a field breaks these rules, or a text cannot be written as UTF-8.
    """

    id: str
    question: str
    toolbox: Toolbox
    steps: tuple[str, ...]
    calls: tuple[Call, ...]

    def __post_init__(self) -> None:
        tools = tuple(call.tool for call in self.calls)
        for field, texts in (("question", (self.question,)), ("steps", self.steps), ("calls", tools)):
            if not texts or not all(text.strip() for text in texts):
                raise InvalidInputError(
                    f"`{field}` must hold text and nothing blank, but example {self.id!r} has {texts!r:.80}"
                )
        arguments = (text for call in self.calls for argument in call.arguments for text in argument)
        try:
            "".join((self.id, self.question, *self.steps, *tools, *arguments)).encode()
        except UnicodeEncodeError as error:
            raise InvalidInputError(
                f"texts must be valid Unicode, but in example {self.id!r} {error.reason}"
            ) from error
