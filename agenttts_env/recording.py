"""Recording a pipeline: running it once in every context that any allocation leads to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agenttts_env.allocation import StageAllocation
from agenttts_env.engines.base import Completion, Engine, Prompt, Request
from agenttts_env.errors import InvalidInputError
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.model import Model
from agenttts_env.outcomes import Floats, OutcomeTable, Pools, StageOutcomes, check_levels, fuses
from agenttts_env.pipeline import Example, Output
from agenttts_env.provenance import Provenance
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import Sample
from agenttts_env.task import Task

PAYER = "record"

Node = tuple[int, tuple[Output, ...]]
"""A context: an example's position, and the fused outputs of the stages before."""


@dataclass(frozen=True)
class StagePlan:
    """What it takes to record a stage.

    Attributes:
        stage: its name.
        contexts: number of its nodes.
        samples: how many samples and fusing calls they need, at most; what the store has, or what nodes with equal
            prompts share, is not drawn again.
    """

    stage: str
    contexts: int
    samples: int


@dataclass
class Watch:
    """What a recording tells while it runs.

    Attributes:
        on_stage: called before anything is drawn for a stage.
        on_samples: called with the number of samples that were drawn just now.
    """

    on_stage: Callable[[StagePlan], None] = lambda plan: None
    on_samples: Callable[[int], None] = lambda count: None


def record(
    task: Task,
    search: Sequence[Example],
    test: Sequence[Example],
    sampler: Sampler,
    levels: Sequence[int],
    provenance: Provenance,
    *,
    most: int | None = None,
    watch: Watch | None = None,
) -> OutcomeTable:
    """Run a task's pipeline once in every context that an allocation of its models and ``levels`` leads to.

    Stage by stage, all contexts of a stage in one batch per model. Every sample is in the sampler's store before it is
    used: a recording that was interrupted goes on where it was.

    Args:
        task: with a pipeline.
        search: the search split.
        test: the test split; may be empty.
        sampler: how samples are drawn and kept.
        levels: the sample counts on offer at every stage, ascending.
        provenance: where this comes from; the engines' identities and the prompts' hash are filled in.
        most: the most samples and fusing calls that all stages together may need; no limit by default.
        watch: who wants to know how it goes.

    Raises:
        InvalidInputError: the levels are not ascending integers >= 1, the task has no pipeline, there is no example to
            search on, or a stage needs more than ``most`` (nothing was drawn for it, and what was drawn is kept).
        EngineError: some samples could not be had; what was drawn is kept.
    """
    check_levels(levels)
    if not search:
        raise InvalidInputError("a recording needs at least one example to search on, but got none")
    ids = [str(getattr(example, "id", position)) for position, example in enumerate([*search, *test])]
    watch = watch or Watch()
    watched = Sampler(sampler.store, lambda model: _Watched(sampler.engine(model), watch), seed=sampler.seed)
    recorder = _Recorder(task, [*search, *test], watched)
    nodes: list[Node] = [(position, ()) for position in range(len(recorder.examples))]
    stages = []
    needed = 0
    for stage in task.stages:
        prompts = recorder.prompts(stage, nodes)
        plan = StagePlan(stage.name, len(nodes), len(prompts) * len(stage.models) * _draws(stage, levels))
        needed += plan.samples
        watch.on_stage(plan)
        if most is not None and needed > most:
            raise InvalidInputError(
                f"a recording may need at most {most:,} samples, but with stage {stage.name!r} it needs {needed:,} "
                f"({plan.contexts:,} contexts); take fewer examples, models or levels, or allow more"
            )
        outcomes, nodes = recorder.record_stage(stage, nodes, prompts, levels)
        stages.append(outcomes)
    return OutcomeTable(
        task=replace(task, pipeline=None),
        levels=tuple(levels),
        examples={"search": tuple(ids[: len(search)]), "test": tuple(ids[len(search) :])},
        stages=tuple(stages),
        scores=recorder.scores(nodes),
        provenance=replace(
            provenance,
            identities={m.name: sampler.engine(m).identity for stage in task.stages for m in stage.models},
            prompts=recorder.asked.hexdigest(),
        ),
    )


def worst_case(task: Task, examples: int, levels: Sequence[int]) -> int:
    """How many samples and fusing calls a recording needs at most: where no two outputs are alike."""
    total, contexts = 0, examples
    for stage in task.stages:
        total += contexts * len(stage.models) * _draws(stage, levels)
        contexts *= len(stage.models) * len(levels)
    return total


def _draws(stage: Stage, levels: Sequence[int]) -> int:
    """Samples and fusing calls for a model at a node."""
    return levels[-1] + sum(fuses(stage, level) for level in levels)


class _Watched:
    """An engine whose samples are counted as they come."""

    def __init__(self, engine: Engine, watch: Watch) -> None:
        self.identity = engine.identity
        self._engine = engine
        self._watch = watch

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        for position, completions in self._engine.generate(requests):
            yield position, completions
            self._watch.on_samples(len(completions))

    def close(self) -> None:
        self._engine.close()


@dataclass
class _PoolBook:
    """Numbers pools as they come: equal keys are one pool."""

    numbers: dict[Hashable, int] = field(default_factory=dict)
    samples: list[Sequence[Sample]] = field(default_factory=list)

    def number(self, key: Hashable, samples: Sequence[Sample]) -> int:
        if key not in self.numbers:
            self.samples.append(samples)
        return self.numbers.setdefault(key, len(self.numbers))

    def pools(self, width: int) -> Pools:
        shape = (len(self.samples), width)
        return Pools(
            np.array([pool[0].prompt_tokens for pool in self.samples], dtype=np.int32),
            np.array([[s.decode_tokens for s in pool] for pool in self.samples], dtype=np.int32).reshape(shape),
            np.array([[s.seconds for s in pool] for pool in self.samples], dtype=np.float64).reshape(shape),
        )


class _StageBook:
    """The outcomes of a stage, as they come.

    Args:
        nodes: of the stage.
        models: how many it has.
        levels: the sample counts on offer.
    """

    def __init__(self, nodes: Sequence[Node], models: int, levels: Sequence[int]) -> None:
        shape = (len(nodes), models)
        self.children = np.zeros((*shape, len(levels)), dtype=np.int32)
        self.pools = np.full(shape, -1, dtype=np.int32)
        self.outputs = np.full((*shape, levels[-1]), -1, dtype=np.int32)
        self.fusions = np.full((*shape, len(levels)), -1, dtype=np.int32)
        self.fused = np.zeros((*shape, len(levels)), dtype=np.bool_)
        self.samples, self.fusing = _PoolBook(), _PoolBook()
        self.following: dict[Node, int] = {}
        self._nodes = nodes
        self._known: list[dict[Output, int]] = [{} for _ in nodes]

    def child(self, position: int, output: Output) -> int:
        """The node that a fused output leads to."""
        example, before = self._nodes[position]
        return self.following.setdefault((example, (*before, output)), len(self.following))

    def stated(self, position: int, outputs: Sequence[Output]) -> list[int]:
        """The numbers of samples' outputs."""
        known = self._known[position]
        return [-1 if output is None else known.setdefault(output, len(known)) for output in outputs]

    def outcomes(self) -> StageOutcomes:
        return StageOutcomes(
            self.children, self.pools, self.outputs, self.fusions, self.fused,
            self.samples.pools(self.outputs.shape[2]), self.fusing.pools(1),
        )  # fmt: skip


class _Recorder(LiveEvaluator):
    """A live evaluator that runs on nodes instead of examples: what it asks of an engine is what live asks."""

    def __init__(self, task: Task, examples: Sequence[Example], sampler: Sampler) -> None:
        super().__init__(task, examples, sampler)
        self.asked = hashlib.sha256()

    def prompts(self, stage: Stage, nodes: Sequence[Node]) -> dict[int, Prompt]:
        """The prompt of every node where the stage has something to do, by the node's position."""
        prompts = {}
        for position, node in enumerate(nodes):
            prompt = self._pipeline.prompt(stage.name, *self._context(node))
            content = None if prompt is None else [[message.role, message.content] for message in prompt]
            self.asked.update(json.dumps(content).encode() + b"\n")
            if prompt is not None:
                prompts[position] = prompt
        return prompts

    def record_stage(
        self, stage: Stage, nodes: Sequence[Node], prompts: Mapping[int, Prompt], levels: Sequence[int]
    ) -> tuple[StageOutcomes, list[Node]]:
        """The outcomes of a stage, and the nodes of the next."""
        book = _StageBook(nodes, len(stage.models), levels)
        for position in range(len(nodes)):
            if position not in prompts:
                output = self._pipeline.skip(stage.name, *self._context(nodes[position]))
                book.children[position] = book.child(position, output)
        for number, model in enumerate(stage.models):
            self._record_model(book, stage, number, model, nodes, prompts, levels)
        return book.outcomes(), list(book.following)

    def _record_model(
        self,
        book: _StageBook,
        stage: Stage,
        number: int,
        model: Model,
        nodes: Sequence[Node],
        prompts: Mapping[int, Prompt],
        levels: Sequence[int],
    ) -> None:
        def draw(how: Stage, samples: int) -> Iterator[tuple[int, list[Sample], list[Output]]]:
            pools, _ = self._draw(how, StageAllocation(model.name, samples), list(prompts.values()), PAYER)
            for position, pool in zip(prompts, pools, strict=True):
                context = self._context(nodes[position])
                yield position, pool, [self._pipeline.parse(stage.name, sample.text, *context) for sample in pool]

        drawn: dict[int, list[Sample]] = {}
        parsed: dict[int, list[Output]] = {}
        for position, pool, outputs in draw(replace(stage, fusion="vote"), levels[-1]):
            drawn[position], parsed[position] = pool, outputs
            book.pools[position, number] = book.samples.number((model.source, prompts[position]), pool)
            book.outputs[position, number] = book.stated(position, outputs)
        for column, level in enumerate(levels):
            said = {position: outputs[:level] for position, outputs in parsed.items()}
            if fuses(stage, level):
                for position, reply, outputs in draw(stage, level):
                    call = self._fusion(stage, prompts[position], drawn[position][:level])
                    book.fusions[position, number, column] = book.fusing.number((model.source, call), reply)
                    book.fused[position, number, column] = outputs[0] is not None
                    said[position] = outputs
            for position, outputs in said.items():
                stated = [output for output in outputs if output is not None]
                fused = self._pipeline.vote(stage.name, stated) if stated else None
                book.children[position, number, column] = book.child(position, fused)

    def scores(self, leaves: Sequence[Node]) -> Floats:
        """Every metric of every leaf; shape (leaves, metrics)."""
        rows = [self._pipeline.score(*self._context(leaf)) for leaf in leaves]
        return np.array([[float(row[metric]) for metric in self.task.metrics] for row in rows], dtype=np.float64)

    def _context(self, node: Node) -> tuple[Example, dict[str, Output]]:
        """The example of a node, and the outputs of the stages before it."""
        return self.examples[node[0]], dict(zip((stage.name for stage in self.task.stages), node[1], strict=False))
