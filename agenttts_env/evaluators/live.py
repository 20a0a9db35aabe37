"""Evaluations by real inference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agenttts_env.allocation import Allocation, StageAllocation
from agenttts_env.engines.base import Prompt, Sampling
from agenttts_env.errors import EngineError, InvalidInputError
from agenttts_env.evaluation import Evaluation
from agenttts_env.ledger import Ledger
from agenttts_env.pipeline import Example, Output
from agenttts_env.sampler import Sampler
from agenttts_env.stage import Stage
from agenttts_env.store import Sample
from agenttts_env.task import Task


@dataclass(frozen=True)
class _StageRun:
    """What a stage gave for every example."""

    outputs: tuple[Output, ...]
    ledger: Ledger
    samples: int
    failures: int


class LiveEvaluator:
    """Runs a task's pipeline stage by stage, all examples of a stage in one batch.

    What a stage gave for the same allocation of the stages up to it is remembered, so that a search that varies the
    last stage does not vote over the first one again.

    Args:
        task: with a pipeline.
        examples: the split.
        sampler: how samples are drawn and kept.
        backend: what logs, tables and plots call it: ``live``, unless the engine is a double.

    Raises:
        InvalidInputError: the task has no pipeline, the split is empty, or a model's engine refuses its options.
    """

    def __init__(self, task: Task, examples: Sequence[Example], sampler: Sampler, *, backend: str = "live") -> None:
        if task.pipeline is None:
            raise InvalidInputError(f"a live evaluation needs a pipeline, but task {task.name!r} has none")
        if not examples:
            raise InvalidInputError("a live evaluation needs at least one example, but got none")
        self.backend = backend
        self.task = task
        self.examples = tuple(examples)
        self.sampler = sampler
        for stage in task.stages:
            for model in stage.models:
                sampler.engine(model)  # loads nothing, but a bad option is found now
        self._pipeline = task.pipeline
        self._runs: dict[tuple[StageAllocation, ...], _StageRun] = {}

    def begin(self) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`; every sample is kept."""

    def recall(self, allocation: Allocation) -> None:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`; the store knows."""

    def evaluate(self, allocation: Allocation, payer: str) -> Evaluation:
        """See :class:`~agenttts_env.evaluators.base.Evaluator`."""
        upstream: list[dict[str, Output]] = [{} for _ in self.examples]
        runs: dict[str, _StageRun] = {}
        for index, stage in enumerate(self.task.stages):
            prefix = allocation.stages[: index + 1]
            run = self._runs.get(prefix)
            if run is None:
                try:
                    run = self._run_stage(stage, prefix[-1], upstream, payer)
                except EngineError as error:
                    error.ledger = sum((done.ledger for done in runs.values()), error.ledger)
                    raise
                self._runs[prefix] = replace(run, ledger=run.ledger.as_reused())
            runs[stage.name] = run
            for outputs, output in zip(upstream, run.outputs, strict=True):
                outputs[stage.name] = output
        scores = [
            self._pipeline.score(example, outputs) for example, outputs in zip(self.examples, upstream, strict=True)
        ]
        return Evaluation(
            scores={metric: tuple(float(score[metric]) for score in scores) for metric in self.task.metrics},
            ledgers={name: run.ledger for name, run in runs.items()},
            parse_failures={name: run.failures for name, run in runs.items()},
            samples={name: run.samples for name, run in runs.items()},
        )

    def _run_stage(
        self, stage: Stage, choice: StageAllocation, upstream: Sequence[Mapping[str, Output]], payer: str
    ) -> _StageRun:
        pipeline = self._pipeline
        prompts: dict[int, Prompt] = {}
        outputs: list[Output] = []
        for position, (example, so_far) in enumerate(zip(self.examples, upstream, strict=True)):
            prompt = pipeline.prompt(stage.name, example, so_far)
            outputs.append(pipeline.skip(stage.name, example, so_far) if prompt is None else None)
            if prompt is not None:
                prompts[position] = prompt
        pools, ledger = self._draw(stage, choice, list(prompts.values()), payer)
        failures = 0
        for position, pool in zip(prompts, pools, strict=True):
            example, so_far = self.examples[position], upstream[position]
            parsed = [pipeline.parse(stage.name, sample.text, example, so_far) for sample in pool]
            stated = [output for output in parsed if output is not None]
            failures += len(parsed) - len(stated)
            outputs[position] = pipeline.vote(stage.name, stated) if stated else None
        return _StageRun(tuple(outputs), ledger, sum(map(len, pools)), failures)

    def _draw(
        self, stage: Stage, choice: StageAllocation, prompts: Sequence[Prompt], payer: str
    ) -> tuple[list[list[Sample]], Ledger]:
        """For each prompt the texts to parse: its samples, or the one reply that fuses them."""
        if not prompts:
            return [], Ledger()
        model, schema = stage.model(choice.model), self._pipeline.schema(stage.name)
        sampling = Sampling(
            temperature=stage.temperature,
            max_tokens=stage.max_tokens,
            schema=None if schema is None else json.dumps(schema, separators=(",", ":")),  # the order of keys counts
        )
        pools, ledger = self.sampler.draw(stage.name, model, prompts, choice.samples, sampling, payer)
        if stage.fusion == "vote" or choice.samples == 1:
            return pools, ledger
        fusing = replace(sampling, temperature=stage.fusion_temperature)
        fusions = [self._fusion(stage, prompt, pool) for prompt, pool in zip(prompts, pools, strict=True)]
        try:
            fused, more = self.sampler.draw(f"{stage.name}/fusion", model, fusions, 1, fusing, payer)
        except EngineError as error:
            error.ledger += ledger
            raise
        return fused, ledger + more

    def _fusion(self, stage: Stage, prompt: Prompt, pool: Sequence[Sample]) -> Prompt:
        return self._pipeline.fusion_prompt(stage.name, prompt, [sample.text for sample in pool])

    def close(self) -> None:
        """Free the engines."""
        self.sampler.close()
