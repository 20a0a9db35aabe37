"""A requirement with open constants, its reference solution, and the inputs on which programs are checked."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agenttts_env.tasks.requirements.draw import Draw
from agenttts_env.tasks.requirements.requirement import Check, Requirement

CHECKS = 4
"""How many checks a requirement has, beside the example that is shown with it."""

Solve = Callable[..., str]
"""A reference solution: from everything that stands in standard input, and the constants, to what is printed. It uses
nothing but built-ins and what it imports itself, so that its source is a program by itself."""


@dataclass(frozen=True)
class Template:
    """A requirement with open constants.

    Attributes:
        text: what the program shall do, with ``{name}`` for a constant.
        solve: the reference solution.
        stdin: draws an input.
        constants: what each constant may be.
    """

    text: str
    solve: Solve
    stdin: Callable[[Draw], str]
    constants: Mapping[str, Sequence[Any]]

    @property
    def name(self) -> str:
        """The name of the reference solution."""
        return self.solve.__name__

    def values(self, seed: int) -> dict[str, Any]:
        """The constants of a seed."""
        draw = Draw("constants", seed, self.name)
        return {name: draw.pick(options) for name, options in self.constants.items()}

    def requirement(self, seed: int) -> Requirement:
        """The requirement of a seed, whose checks the reference solution has answered.

        The inputs of the example and the checks differ, and so do at least two of the answers: a program that prints
        the same whatever it reads passes no requirement.
        """
        values = self.values(seed)
        attempt = 0
        while True:
            inputs = [self.stdin(Draw("stdin", seed, self.name, attempt, number)) for number in range(CHECKS + 1)]
            example, *checks = [Check(stdin, self.solve(stdin, **values)) for stdin in inputs]
            if len(set(inputs)) == len(inputs) and len({check.stdout for check in checks}) > 1:
                return Requirement(f"{self.name}-{seed}", self.text.format(**values), example, tuple(checks))
            attempt += 1

    def program(self, seed: int) -> str:
        """The reference solution as the program that the requirement of a seed asks for."""
        (function,) = ast.parse(inspect.getsource(self.solve)).body
        assert isinstance(function, ast.FunctionDef)
        function.decorator_list = []
        constants = "".join(f", {name}={value!r}" for name, value in self.values(seed).items())
        return (
            f"import sys\n\n\n{ast.unparse(function)}\n\n\n"
            f"if __name__ == '__main__':\n    print({self.name}(sys.stdin.read(){constants}))\n"
        )


def requirement(text: str, stdin: Callable[[Draw], str], **constants: Sequence[Any]) -> Callable[[Solve], Template]:
    """Makes a reference solution the template that it solves; the arguments are the template's attributes."""

    def decorate(solve: Solve) -> Template:
        return Template(text, solve, stdin, constants)

    return decorate
