"""The failure of one mechanism, which the host takes as the answer to: does this system offer it?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MechanismError(Exception):
    """A protection that the job asks for cannot be had.

    Args:
        mechanism: its name in the job's plan.
        why: the system's answer.
    """

    def __init__(self, mechanism: str, why: str) -> None:
        super().__init__(f"{mechanism}: {why}")
        self.mechanism = mechanism
        self.why = why


@contextmanager
def setting_up(mechanism: str) -> Iterator[None]:
    """Whatever the system refuses inside is the failure of this mechanism."""
    try:
        yield
    except (OSError, AttributeError, ValueError) as error:  # AttributeError: this C library lacks the function
        raise MechanismError(mechanism, str(error)) from error
