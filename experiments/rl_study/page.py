"""docs/rl.md, from the study's numbers alone: sentences change with them. Its words are in ``templates/``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from agenttts_env.experiments.compare.names import shown
from agenttts_env.experiments.rl_study.intervals import percent
from agenttts_env.experiments.rl_study.mixture import DATA_SEEDS, POLICY, TRIALS, UNTRAINED, MixtureFindings
from agenttts_env.experiments.rl_study.per_query import NEAR, QUESTIONS, PerQueryFindings
from agenttts_env.experiments.rl_study.recorded import TASK, RecordedFindings
from agenttts_env.experiments.rl_study.stagewise import BUDGETS, StagewiseFindings
from agenttts_env.experiments.statistics import (
    Reference,
    Resamples,
    interquartile_mean,
    normalised_regret,
    paired_tests,
)
from agenttts_env.per_query.moves import ROOM

REGRET_TARGET, MINUTES_TARGET, SAVING_TARGET = 0.02, 10.0, 0.25
SIGNIFICANT = 0.05


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def stagewise_section(found: Sequence[StagewiseFindings], plots: str) -> str:
    """Regret over the budgets, and whether the target is met."""
    rows = [
        [
            each.task,
            percent(each.regret(each.learnt)),
            percent(each.regret(each.bandit)),
            f"{each.regret(each.random):.1%}",
            f"{each.regret(each.offered):.1%}",
            f"{each.seconds.mean():.0f} s",
        ]
        for each in found
    ]
    return _template("stagewise").format(
        verdict=stagewise_verdict(found),
        budgets=BUDGETS,
        seeds=len(found[0].learnt),
        table=table(["task", "MaskablePPO", "bandit", "random", "exact", "training"], rows),
        examples=table(["task", "lowest", "middle", "highest"], [[each.task, *each.chosen] for each in found]),
        plots=plots,
    )


def stagewise_verdict(found: Sequence[StagewiseFindings]) -> str:
    """Which targets are met, and whether a bandit would have done."""
    missed = [each.task for each in found if each.regret(each.learnt).mean() > REGRET_TARGET]
    seconds = max(each.seconds.max() for each in found)
    better = [each.task for each in found if each.regret(each.bandit).mean() < each.regret(each.learnt).mean()]
    time = f"No training took longer than {seconds:.0f} s of one core."
    if seconds > 60 * MINUTES_TARGET:
        time = f"The target of {MINUTES_TARGET:.0f} minutes is missed: the longest training took {seconds / 60:.0f}."
    bandit = f"does better on {', '.join(better)}" if better else "does worse on every task"
    return (
        f"The target, a mean regret of at most {REGRET_TARGET:.0%} of the oracle's score, is met "
        f"{_where(missed, [each.task for each in found])}. {time} With as many episodes, a contextual bandit {bandit}."
    )


def per_query_section(found: Sequence[PerQueryFindings], recorded: RecordedFindings, plots: str) -> str:
    """Compute at equal score, and whether the target is met."""
    rows = []
    for each in found:
        scores, costs = np.array([(point.score, point.cost) for point in each.points]).T
        rows.append(
            [
                each.task,
                f"{each.best_static:.3f}",
                f"{scores.mean():.3f}",
                f"{costs.mean() / each.budget:.0%}",
                percent(each.savings, 0),
                f"{sum(point.beyond for point in each.points)} of {len(each.points)}",
                f"{each.rule.saving:.0%}" + (" (beyond)" if each.rule.beyond else ""),
            ]
        )
    header = ["task", "best static", "score", "cost of budget", "saving", "beyond static", "saving of the margin rule"]
    section = _template("per_query").format(
        verdict=per_query_verdict(found),
        near=f"{NEAR:.0%}",
        questions=f"{QUESTIONS:,}",
        seeds=len(found[0].points),
        room=ROOM,
        table=table(header, rows),
        plots=plots,
    )
    return section + recorded_section(recorded)


def per_query_verdict(found: Sequence[PerQueryFindings]) -> str:
    """Which targets are met; where one is missed, how far, and what a rule saves there."""
    missed = [each for each in found if each.savings.mean() < SAVING_TARGET]
    names = [each.task for each in missed]
    minutes = max(each.seconds.max() for each in found) / 60
    where = _where(names, [each.task for each in found])
    verdict = (
        f"The target, at least {SAVING_TARGET:.0%} less compute at equal score, is met {where}. "
        f"No training took longer than {minutes:.1f} minutes of one core."
    )
    if missed:
        verdict += f" Where it is missed: {'; '.join(map(_missed, missed))}."
        if all(each.rule.saving > each.savings.mean() for each in missed):
            verdict += " So more can be saved there; the policies have not learnt it in these steps."
    return verdict


def _missed(found: PerQueryFindings) -> str:
    saving, rule = f"{found.savings.mean():.0%}", f"the margin rule {found.rule.saving:.0%}"
    if all(point.beyond for point in found.points):
        return f"{found.task} saves at least {saving}, with scores that no static allocation reaches ({rule})"
    return f"{found.task} saves {saving} ({rule})"


def recorded_section(found: RecordedFindings) -> str:
    """The findings on recorded samples."""
    return _template("recorded").format(
        task=TASK,
        backend=found.backend,
        questions=found.questions,
        static_score=f"{found.best_static[0]:.3f}",
        static_cost=f"{found.best_static[1]:.0%}",
        score=f"{np.mean([point.score for point in found.points]):.3f}",
        cost=f"{found.costs.mean():.0%}",
        saving=percent([point.saving for point in found.points], 0),
        seeds=len(found.points),
        beyond=sum(point.beyond for point in found.points),
        rule=f"{found.rule.saving:.0%}",
    )


def mixture_section(found: MixtureFindings, plots: str) -> str:
    """Regret on left-out tasks, and who can be told from whom."""
    comparison = found.comparison
    names = list(comparison.searchers)
    losses = normalised_regret(comparison, Reference.of(comparison, found.oracles, searcher="random"))
    resamples = Resamples.of(len(comparison.tasks), len(comparison.seeds))
    early, final = (interquartile_mean(losses[..., trial - 1], resamples) for trial in (10, TRIALS))
    tests = paired_tests(losses[..., -1], names, resamples, control=POLICY)
    p_values = {test.first: test.adjusted for test in tests}
    rows = [
        [
            shown(names[i]),
            *(f"{line.value[i]:.2f} [{line.low[i]:.2f}, {line.high[i]:.2f}]" for line in (early, final)),
            "" if names[i] == POLICY else _p(p_values[names[i]]),
        ]
        for i in np.argsort(final.value)
    ]
    by_task = [
        [
            task,
            *(f"{value:.2f}" for value in losses[row, :, :, -1].mean(axis=-1)),
            f"{found.seconds[task].mean():.0f} s",
        ]
        for row, task in enumerate(comparison.tasks)
    ]
    ends = losses[..., -1].mean(axis=-1)
    mine, chance = ends[:, names.index(POLICY)], ends[:, names.index("random")]
    behind = [task for task, ours, theirs in zip(comparison.tasks, mine, chance, strict=True) if ours > theirs]
    regret = dict(zip(names, final.value.tolist(), strict=True))
    return _template("mixture").format(
        verdict=mixture_verdict(regret, p_values, behind),
        learnt=learnt_verdict(regret, p_values[UNTRAINED]),
        trials=TRIALS,
        tasks=len(comparison.tasks),
        data_seeds=DATA_SEEDS,
        table=table(["searcher", "after 10 trials", f"after {TRIALS} trials", "p"], rows),
        by_task=table(["left out", *map(shown, names), "training"], by_task),
        plots=plots,
    )


def mixture_verdict(regret: dict[str, float], p_values: dict[str, float], behind: Sequence[str]) -> str:
    """Whom the policy beats, and who beats it.

    Args:
        regret: by searcher.
        p_values: of the tests against the policy, by the other searcher.
        behind: the tasks on which random search has the lower mean regret.
    """
    worse = [name for name, p in p_values.items() if regret[name] > regret[POLICY] and p < SIGNIFICANT]
    better = [name for name, p in p_values.items() if regret[name] < regret[POLICY] and p < SIGNIFICANT]
    level = [name for name in p_values if name not in (*worse, *better)]
    return (
        f"Over all tasks, none of which it has seen, the policy ends better than {_list(worse)} and worse than "
        f"{_list(better)}; from {_list(level)} it cannot be told apart (signed-rank, Holm, 5%). "
        f"By the mean of single tasks it is behind random search on {', '.join(behind) or 'none'}."
    )


def learnt_verdict(regret: dict[str, float], p_value: float) -> str:
    """What training adds to the environment's encoding.

    Args:
        regret: by searcher.
        p_value: of the test of the policy against the untrained one.
    """
    trained, untrained, chance = (regret[name] for name in (POLICY, UNTRAINED, "random"))
    said = "cannot be told from" if p_value >= SIGNIFICANT else "is " + ("below" if trained < untrained else "above")
    text = f"The trained policies' regret, {trained:.2f}, {said} the untrained ones', {untrained:.2f} (p {_p(p_value)})"
    if not trained < chance:
        return f"{text}."
    share = min(1.0, max(0.0, (chance - untrained) / (chance - trained)))
    return f"{text}: {share:.0%} of the lead over random search is there before any training."


def write_page(path: Path, sections: Sequence[str], command: str, versions: str) -> None:
    """Write the page around its sections."""
    foot = _template("foot").format(command=command, versions=versions)
    path.write_text("\n".join([_template("head"), *sections, foot]), encoding="utf-8")


def _template(name: str) -> str:
    return files(__package__).joinpath("templates", f"{name}.md").read_text(encoding="utf-8")


def _where(missed: Sequence[str], tasks: Sequence[str]) -> str:
    if not missed:
        return "on every task"
    return "on no task" if len(missed) == len(tasks) else f"on all tasks but {', '.join(missed)}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _list(names: Sequence[str]) -> str:
    texts = [f"`{shown(name)}`" for name in names]
    if len(texts) < 2:
        return texts[0] if texts else "nobody"
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
