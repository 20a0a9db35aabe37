"""Where questions come from: simulated data sets and recorded tables, in one form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agenttts_env.errors import InvalidInputError
from agenttts_env.outcomes import OutcomeTable, check_levels
from agenttts_env.per_query.questions import Questions, StageAnswers
from agenttts_env.simulation.dataset import MOST_SAMPLES, Codes, Dataset, check_samples
from agenttts_env.simulation.draws import SplitName
from agenttts_env.simulation.landscape import OUTCOMES, RIGHT, SHARED, Landscape
from agenttts_env.task import Task


def simulated_questions(
    task: Task,
    landscape: Landscape,
    *,
    seeds: Sequence[int] = (0,),
    split: SplitName = "search",
    examples: int = 50,
    levels: Sequence[int] = tuple(range(1, MOST_SAMPLES + 1)),
) -> Questions:
    """Questions of simulated data sets, one after the other.

    A sample's answer is known by its identity alone: right samples agree with each other, shared wrong ones with each
    other, scattered ones with none.

    Args:
        task: as :meth:`~agenttts_env.simulation.landscape.Landscape.simulated` returns it.
        landscape: the parameters.
        seeds: of the data sets.
        split: of each.
        examples: of each.
        levels: the sample counts that can be accepted.

    Raises:
        InvalidInputError: the landscape lacks a stage or a model of the task, or an argument is out of range.
    """
    check_levels(levels)
    check_samples(levels[-1])
    if not seeds:
        raise InvalidInputError("`data_seeds` must name at least one data set, but got none")
    spec = landscape.simulated(task)
    datasets = [
        Dataset(
            landscape,
            seed=seed,
            split=split,
            examples=examples,
            temperatures=[stage.temperature for stage in task.stages],
            fused_by_model=[stage.fusion == "llm" for stage in task.stages],
        )
        for seed in seeds
    ]
    questions, most, taken = len(datasets) * examples, levels[-1], np.array(levels) - 1
    first = np.arange(questions, dtype=np.int32)[:, None, None] * len(OUTCOMES)
    stages = []
    for index, (stage, known) in enumerate(zip(task.stages, landscape.stages, strict=True)):
        upstream = list(range(len(OUTCOMES))) if index else [RIGHT]
        shape = (questions * len(upstream), len(stage.models))
        answers = np.empty((*shape, most), dtype=np.int32)
        following = np.empty((*shape, len(levels)), dtype=np.int32)
        for slot, model in enumerate(stage.models):
            row = known.models.index(model.name)
            codes = _by_question([data.samples(index, row)[upstream, :, :most] for data in datasets])
            fused = _by_question([data.fused(index, row)[upstream][:, :, taken] for data in datasets])
            own = 2 + slot * most + np.arange(most)  # nobody else's
            answers[:, slot] = np.select([codes == RIGHT, codes == SHARED], [0, 1], default=own).reshape(-1, most)
            following[:, slot] = (first + fused).reshape(-1, len(levels))
        stages.append(StageAnswers(answers, following))
    roots = np.arange(questions, dtype=np.int32)
    scores = np.tile(np.array(landscape.metrics[spec.main_metric].values), questions)
    return Questions(spec, "simulated", tuple(levels), roots, tuple(stages), scores)


def _by_question(codes: Sequence[Codes]) -> Codes:
    """From (outcomes before, examples, samples) for each data set to (questions, outcomes before, samples)."""
    return np.concatenate(codes, axis=1).transpose(1, 0, 2)


def recorded_questions(
    table: OutcomeTable,
    *,
    split: SplitName = "search",
    examples: int | None = None,
    levels: Sequence[int] | None = None,
) -> Questions:
    """Questions of a recorded table.

    Args:
        table: what was recorded.
        split: which split.
        examples: how many of its examples, the first ones; all by default.
        levels: the sample counts that can be accepted; all that were recorded by default.

    Raises:
        InvalidInputError: a level was not recorded, or the split has fewer examples, or none.
    """
    offered = table.levels if levels is None else tuple(levels)
    check_levels(offered)
    if missing := [level for level in offered if level not in table.levels]:
        raise InvalidInputError(
            f"`levels` must be among those recorded, {', '.join(map(str, table.levels))}, but have {missing[0]}"
        )
    columns = [table.levels.index(level) for level in offered]
    stages = []
    for spec, stage in zip(table.task.stages, table.stages, strict=True):
        tokens = stage.samples.decode_tokens[stage.pools, : offered[-1]] / np.float32(spec.decode_tokens)
        lengths = np.where(stage.pools[..., None] >= 0, tokens, 0).astype(np.float32)
        stages.append(StageAnswers(stage.outputs[..., : offered[-1]], stage.children[..., columns], lengths))
    return Questions(
        table.task, table.backend, offered, table.roots(split, examples), tuple(stages), table.scores[:, 0]
    )
