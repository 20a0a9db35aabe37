"""Software development in three stages: a program is written, reviewed and revised, and run and repaired.

The output of every stage is a whole program. Stage ``static_test`` may also say that nothing needs a change. Stage
``dynamic_test`` draws no sample for a program that runs clean: the program passes on as it is. Where there is no
program, since no sample of the stage before could be parsed, there is nothing to review, run or score: all metrics
are 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from agenttts_env.engines.base import Message, Prompt
from agenttts_env.pipeline import Output, Pipeline
from agenttts_env.tasks.chatdev.embedding import Vector, similarity
from agenttts_env.tasks.chatdev.program import Program, bare_code, canonical, is_complete
from agenttts_env.tasks.chatdev.reading import fenced, read_program, says_no_change
from agenttts_env.tasks.chatdev.runs import Run, Runs
from agenttts_env.tasks.requirements.requirement import Requirement

METRICS = ("consistency", "completeness", "executability", "quality")
"""Cosine of requirement and code (main), nothing left open, runs clean, and the product of the three."""

CHECKED_METRICS = (*METRICS, "pass_rate")
"""Also the share of the requirement's checks that the program passes."""

_SYSTEM = "You write small Python programs that are complete, correct and short."

_RULES = (
    "The program is one file, main.py, and needs Python's standard library only. It works in the console: no windows, "
    "no network, no files. Leave nothing out."
)
_WITH_INPUT = "It reads standard input, prints what is asked for and nothing else (no prompts), and ends."
_WITHOUT_INPUT = (
    "It is tried without a user, with empty input: it shows its main features on made-up data by itself, and ends."
)
_FORMAT = "the whole program in one block that begins with ```python and ends with ```"

_TASKS = {
    "code": f"Write the program. Reply with {_FORMAT}.",
    "static_test": (
        "Review this program without running it: does it do all that is asked for, is it correct, does it print the "
        "right format? If nothing needs a change, reply with one line: No change. Otherwise name the faults in a few "
        f"short lines, then give {_FORMAT}, with all faults repaired."
    ),
    "dynamic_test": f"Say in one line what is wrong, then give {_FORMAT}, repaired.",
}

_SHOWN = 1500
"""Characters of an error message that a prompt shows: its end, where the error is."""


@dataclass(frozen=True)
class SoftwareDevelopment(Pipeline):
    """Prompts, parsing, fusing and scoring of software development.

    Attributes:
        runs: what happens when a program is run.
        embed: the unit vector of a text.
    """

    runs: Runs
    embed: Callable[[str], Vector]

    def notice(self) -> str:
        """Which protections are on where models' programs run.

        Raises:
            SandboxError: the basic ones are not.
        """
        return f"models' programs run in a {self.runs.open().protections}"

    def prompt(self, stage: str, example: Requirement, upstream: Mapping[str, Output]) -> Prompt | None:
        """The requirement, and for the later stages the program so far and how it failed; None as described above."""
        if stage == "code":
            self.runs.open()  # what scoring needs is needed now, before anything is paid for
            self.embed(example.text)
            return _ask(stage, example)
        program = _program(upstream, "code" if stage == "static_test" else "static_test")
        if program is None:
            return None
        if stage == "static_test":
            return _ask(stage, example, f"The program:\n\n{fenced(program)}")
        run = self._try(program, example)
        return None if run.clean else _ask(stage, example, f"The program:\n\n{fenced(program)}", _failure(run))

    def skip(self, stage: str, example: Requirement, upstream: Mapping[str, Output]) -> Output:
        """The program of the stage before, which runs clean; None if there is none."""
        return _program(upstream, "static_test") if stage == "dynamic_test" else None

    def parse(self, stage: str, text: str, example: Requirement, upstream: Mapping[str, Output]) -> Output:
        """The program in the reply (see :mod:`agenttts_env.tasks.chatdev.reading`).

        For ``static_test``, a reply without one that says ``No change.`` states the program that was reviewed.
        """
        program = read_program(text)
        if program is None and stage == "static_test" and says_no_change(text):
            return _program(upstream, "code")
        return program

    def vote(self, stage: str, outputs: Sequence[Hashable]) -> Output:
        """The most frequent program, layout and comments aside, as it was first written; the earliest of equals."""
        programs = cast("Sequence[Program]", outputs)
        best = Counter(map(canonical, programs)).most_common(1)[0][0]
        return next(program for program in programs if canonical(program) == best)

    def fusion_prompt(self, stage: str, prompt: Prompt, texts: Sequence[str]) -> Prompt:
        """The stage's own prompt with the samples' texts below it."""
        replies = "\n\n".join(f"--- Reply {number} ---\n{text.strip()}" for number, text in enumerate(texts, 1))
        request = (
            f"{prompt[-1].content}\n\nHere are {len(texts)} replies that others gave to this; some may be wrong.\n\n"
            f"{replies}\n\n--- End of the replies ---\nCompare them, take what is best in each, and give one final "
            f"reply: {_FORMAT}."
        )
        return (*prompt[:-1], Message("user", request))

    def score(self, example: Requirement, outputs: Mapping[str, Output]) -> Mapping[str, float]:
        """The metrics of :data:`METRICS`, and the pass rate where the requirement has checks; without a program 0.

        Consistency compares the requirement with the code without comments and docstrings, as the paper does with
        another embedding model. It does not see whether a program works: one that only prints its requirement scores
        higher (0.95 on average over our requirements) than the reference solutions (0.63); the pass rate tells them
        apart. A program that has timed out fails the checks that are left.
        """
        program = _program(outputs, "dynamic_test")
        code = "" if program is None else bare_code(program)
        consistency = similarity(self.embed(example.text), self.embed(code)) if code else 0.0
        completeness = float(program is not None and is_complete(program))
        executability = float(program is not None and self._try(program, example).clean)
        scores = {
            "consistency": consistency,
            "completeness": completeness,
            "executability": executability,
            "quality": consistency * completeness * executability,
        }
        if example.checks:
            scores["pass_rate"] = 0.0 if program is None else self._pass_rate(program, example)
        return scores

    def _try(self, program: Program, example: Requirement) -> Run:
        return self.runs.run(program, example.example.stdin if example.example else "")

    def _pass_rate(self, program: Program, example: Requirement) -> float:
        passed = 0
        for check in example.checks:
            run = self.runs.run(program, check.stdin)
            passed += run.clean and check.accepts(run.stdout)
            if run.timed_out:
                break
        return passed / len(example.checks)


def _program(outputs: Mapping[str, Output], stage: str) -> Program | None:
    return cast("Program | None", outputs.get(stage))


def _ask(stage: str, example: Requirement, *parts: str) -> Prompt:
    shown = example.example
    about = [f"Requirement: {example.text}", f"{_RULES} {_WITH_INPUT if shown else _WITHOUT_INPUT}"]
    if shown:
        about.append(f"Example input:\n{shown.stdin.rstrip()}\nIts output:\n{shown.stdout.rstrip()}")
    return (Message("system", _SYSTEM), Message("user", "\n\n".join((*about, *parts, _TASKS[stage]))))


def _failure(run: Run) -> str:
    error = run.stderr.strip()[-_SHOWN:]
    return f"It was run and failed: {run.reason}." + (f"\n\n{error}" if error else "")
