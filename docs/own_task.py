"""A task of your own, whole: what has somebody left? Read from a ledger in three stages. own-task.md explains it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from agenttts_env import MODELS, Pipeline, Stage, Task, make_env, search
from agenttts_env.baselines import RandomSearcher
from agenttts_env.engines import Message, Prompt
from agenttts_env.errors import InvalidInputError
from agenttts_env.pipeline import Output
from agenttts_env.tasks import TaskEntry, register_task
from agenttts_env.testing import check_task

PURSE = 100  # coins that everybody starts with
PEOPLE = ("Ada", "Bo", "Cleo")
LABELS = {"find": "Lines", "add": "Total", "rest": "Left"}


@dataclass(frozen=True)
class Account:
    """What is asked, of whose rows of a ledger, and the gold: the numbers of these rows (from 1) and what they cost."""

    id: str
    question: str
    person: str
    rows: tuple[str, ...]
    own: tuple[int, ...]
    spent: int


def account(seed: int, index: int, count: int = 6) -> Account:
    """Invented, and always the same for the same arguments."""
    rng = np.random.default_rng([seed, index])
    paid = [(str(rng.choice(PEOPLE)), int(rng.integers(2, 10))) for _ in range(count)]
    rows = tuple(f"{number}. {who} paid {coins} coins." for number, (who, coins) in enumerate(paid, 1))
    person = paid[int(rng.integers(count))][0]
    own = tuple(number for number, (who, _) in enumerate(paid, 1) if who == person)
    question = "\n".join([*rows, f"What has {person} left?"])
    return Account(f"account-{seed}-{index}", question, person, rows, own, sum(paid[number - 1][1] for number in own))


def load_accounts(data: str | None = None, *, size: int = 0, seed: int = 0, rows: int = 6) -> tuple[Account, ...]:
    """At least 200 accounts."""
    if data is not None:
        raise InvalidInputError(f"accounts are invented: their data must be None, but got {data!r}")
    return tuple(account(seed, index, rows) for index in range(max(size, 200)))


def gold_reply(stage: str, example: Account, upstream: Mapping[str, Any]) -> str:
    """What a perfect model would write."""
    numbers = {"find": ", ".join(map(str, example.own)), "add": example.spent, "rest": PURSE - example.spent}
    return f"{LABELS[stage]}: {numbers[stage]}"


def request(stage: str, example: Account, upstream: Mapping[str, Any]) -> str:
    """A stage sees what the stages before gave, which is None where no sample could be read."""
    if stage == "find":
        text = "\n".join([*example.rows, "", f"Which lines are about {example.person}?"])
    elif stage == "add":
        chosen = [example.rows[number - 1] for number in upstream["find"] or ()]
        text = "\n".join([*chosen, "", "How many coins is that in all?"])
    else:
        text = f"{example.person} had {PURSE} coins and spent {upstream['add'] or 'some'}. How many are left?"
    return f"{text}\nEnd with one line that begins with {LABELS[stage]}: and holds nothing but numbers."


@dataclass(frozen=True)
class Accounts(Pipeline):
    """`find` chooses lines, `add` adds them up, `rest` takes the sum from what there was."""

    demonstrations: int

    def prompt(self, stage: str, example: Account, upstream: Mapping[str, Any]) -> Prompt:
        """Worked examples, which are none of the data set's, and the request."""
        turns: list[Message] = []
        for shown in (account(2**32, index) for index in range(self.demonstrations)):
            asked = request(stage, shown, {"find": shown.own, "add": shown.spent})
            turns += (Message("user", asked), Message("assistant", gold_reply(stage, shown, {})))
        return (*turns, Message("user", request(stage, example, upstream)))

    def parse(self, stage: str, text: str, example: Account, upstream: Mapping[str, Any]) -> Output:
        """What the last line with the stage's label says; None if there is none, whatever else the text is."""
        lines = re.findall(rf"^\W{{0,9}}{LABELS[stage]}\W{{0,9}}:(.*)$", text, re.MULTILINE | re.IGNORECASE)
        numbers = [int(digits) for digits in re.findall(r"\b[0-9]{1,6}\b", "".join(lines[-1:]))]
        if stage == "find":
            return tuple(sorted({n for n in numbers if 1 <= n <= len(example.rows)})) or None
        return numbers[-1] if numbers else None

    def score(self, example: Account, outputs: Mapping[str, Any]) -> Mapping[str, float]:
        """Every metric of the task, in [0, 1]."""
        right, total = outputs["rest"] == PURSE - example.spent, outputs["add"] == example.spent
        return {"right": float(right), "total": float(total), "rows": float(outputs["find"] == example.own)}


def build(*, demonstrations: int = 2) -> Task:
    """Stages have models, nominal lengths of prompts and samples (what costs charge), and a cut; all in tokens."""
    models = tuple(MODELS[name] for name in ("smollm2-135m", "smollm2-360m", "smollm2-1.7b"))
    stages = (Stage("find", models, 315, 18, 24), Stage("add", models, 240, 7, 16), Stage("rest", models, 150, 7, 16))
    about = "What has somebody left? Find their lines, add, subtract."
    return Task("accounts", about, stages, ("right", "total", "rows"), Accounts(demonstrations))


ENTRY = TaskEntry("accounts", "Accounts", build, load_accounts)
register_task(ENTRY)

if __name__ == "__main__":
    check_task(ENTRY, answers=gold_reply, gold_text=lambda example: str(PURSE - example.spent))
    engine = sys.argv[1] if len(sys.argv) > 1 else "scripted"  # or transformers: SmolLM2 on this machine
    problem: dict[str, Any] = {"models": "smollm2-135m", "cost": "flops", "budget": 2.5e11, "levels": (1, 2, 4, 8)}
    env = make_env("accounts", engine=engine, examples=10, trials=4, **problem)
    for trial in search(env, RandomSearcher()):
        print(trial.allocation, trial.score)
