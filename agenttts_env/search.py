"""The one search loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

import gymnasium as gym

from agenttts_env.env import AllocationEnv
from agenttts_env.errors import InvalidInputError, ProposalError, RunLogError
from agenttts_env.ledger import Ledger
from agenttts_env.searcher import Searcher
from agenttts_env.trial import Trial


def search(
    env: gym.Env[Any, Any],
    searcher: Searcher,
    *,
    seed: int = 0,
    resume: Iterable[Trial] = (),
    on_trial: Callable[[Trial], None] | None = None,
    on_note: Callable[[dict[str, Any]], None] | None = None,
) -> list[Trial]:
    """Run a search to the end of an episode.

    Args:
        env: where trials are run: an :class:`AllocationEnv`, whose wrappers, if any, are bypassed.
        searcher: who proposes them.
        seed: of the environment and of the searcher.
        resume: the first trials of this same search, from its log. They are told again, not run again.
        on_trial: called with every trial that was run, before it is told.
        on_note: called with every note of the searcher, resumed trials' included.

    Returns:
        All trials, resumed ones included.

    Raises:
        RunLogError: the resumed trials are not what this searcher asks for.
        EngineError: the searcher's own LLM cannot be reached.
    """
    env = env.unwrapped
    if not isinstance(env, AllocationEnv):
        raise InvalidInputError(f"a search needs an AllocationEnv, but got {env}")
    env.reset(seed=seed)
    searcher.reset(env.problem, trials=env.max_trials, seed=seed)
    logged = iter(resume)
    done, paid = False, Ledger()
    while not done:
        before = next(logged, None)
        try:
            requested, reason = searcher.ask(), ""
        except ProposalError as error:
            requested, reason = None, str(error)
        for note in searcher.notes():
            if on_note is not None:
                on_note({"trial": len(env.trials), **note})
        if before is not None:
            if before.requested != requested or before.number != len(env.trials):
                raise RunLogError(
                    f"the log's trial {before.number} asked for {before.requested}, but trial {len(env.trials)} of "
                    f"this search asks for {requested}: the log was written by another version or with other settings"
                )
            if before.allocation is not None:
                env.evaluator.recall(before.allocation)
            _, _, done, _, _ = env.record(before)
        elif requested is None:
            _, _, done, _, _ = env.record(Trial(len(env.trials), None, None, "failed", reason=reason))
        else:
            _, _, done, _, _ = env.step(env.problem.encode(requested))
        trial = replace(env.trials[-1], overhead=_difference(searcher.overhead, paid))
        paid = searcher.overhead
        if before is not None:
            trial = before
        elif on_trial is not None:
            on_trial(trial)
        env.trials[-1] = trial
        searcher.tell(trial)
    return list(env.trials)


def _difference(after: Ledger, before: Ledger) -> Ledger:
    return Ledger(*(getattr(after, field.name) - getattr(before, field.name) for field in fields(Ledger)))
