"""How a contract test says what is wrong: where, which rule, what was found instead, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


def broken(where: str, rule: str, found: str, mend: str) -> NoReturn:
    """A rule is broken.

    Raises:
        AssertionError: always.
    """
    raise AssertionError(f"{where}: {rule}, but {found}. {mend}")


def called(where: str, name: str, mend: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns that must not raise."""
    try:
        return function(*arguments)
    except Exception as error:  # whatever the author's code raises is what the author has to know
        message = f"it raised {type(error).__name__}: {str(error) or 'without a message'}"
        raise AssertionError(f"{where}: {name} must not raise, but {message:.300}. {mend}") from error


def short(value: object, length: int = 100) -> str:
    """A value as a message shows it."""
    text = ascii(value)  # control characters and right-to-left marks would spoil a terminal
    return text if len(text) <= length else f"{text[: length - 4]} ..."
