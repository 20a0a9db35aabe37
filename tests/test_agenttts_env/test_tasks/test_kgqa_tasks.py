from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agenttts_env.allocation import Allocation
from agenttts_env.engines.base import Request
from agenttts_env.engines.scripted import Reply, ScriptedEngine
from agenttts_env.evaluation import Evaluation
from agenttts_env.evaluators.live import LiveEvaluator
from agenttts_env.problem import Problem
from agenttts_env.sampler import Sampler
from agenttts_env.store import SampleStore
from agenttts_env.task import Task
from agenttts_env.tasks import RetrievalExample, get_entry
from agenttts_env.tasks.retrieval_qa import METRICS

NAMES = ("cwq", "webqsp")


def evaluate(task: Task, examples: tuple[RetrievalExample, ...], reply: Reply) -> Evaluation:
    sampler = Sampler(SampleStore(":memory:"), lambda model: ScriptedEngine(model, reply))
    return LiveEvaluator(task, examples, sampler).evaluate(Allocation.of(("qwen2.5-7b", 3), ("llama-3.1-8b", 2)), "t")


@pytest.mark.parametrize("name", NAMES)
def test_stages_metrics_and_budget(name: str) -> None:
    task = get_entry(name).build()
    retrieve, answer = task.stages
    assert (retrieve.name, retrieve.prompt_tokens, retrieve.decode_tokens) == ("retrieve", 1024, 64)
    assert (answer.name, answer.prompt_tokens, answer.decode_tokens) == ("answer", 256, 64)
    assert [model.name for model in retrieve.models] == ["qwen2.5-7b", "qwen2.5-72b"]
    assert [model.name for model in answer.models] == ["llama-3.1-8b", "llama-3.1-70b"]
    assert (task.main_metric, task.metrics) == ("em", METRICS)
    assert Problem.of(task).budget == pytest.approx(520.7, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_options_change_the_prompts(name: str) -> None:
    entry = get_entry(name)
    example = RetrievalExample("e", "Q?", ("a",), ("x | y | a", "b | c | d"), frozenset({0}))
    tasks = [entry.build(), entry.build(demonstrations=1), entry.build(variant="reason")]
    for stage in ("retrieve", "answer"):
        prompts = {task.pipeline.prompt(stage, example, {"retrieve": (0,)}) for task in tasks if task.pipeline}
        assert len(prompts) == 3
        for prompt in prompts:
            shown = "\n".join(message.content for message in prompt)
            assert "riples" in shown
            assert "entence" not in shown.replace("one or two sentences", "")


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_gold_replies_score_one_on_every_real_record(name: str, data_folder: Callable[[str], Path]) -> None:
    entry = get_entry(name)
    task, examples = entry.build(), entry.load(data_folder(name))
    assert task.pipeline is not None
    right = {}
    for example in examples:
        gold = tuple(sorted(example.gold))
        numbers = ", ".join(str(position + 1) for position in gold)
        right[task.pipeline.prompt("retrieve", example, {})] = f"Triples: {numbers}"
        answer = task.pipeline.prompt("answer", example, {"retrieve": gold})
        assert all(example.candidates[position] in answer[-1].content for position in gold)
        right[answer] = f"Answer: {example.answers[0]}"
    good = evaluate(task, examples, lambda request, index: right[request.prompt])
    for metric in METRICS:
        assert set(good.scores[metric]) == {1.0}
    assert set(good.parse_failures.values()) == {0}


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_nonsense_scores_zero_on_every_real_record(name: str, data_folder: Callable[[str], Path]) -> None:
    entry = get_entry(name)
    examples = entry.load(data_folder(name))
    texts = ("", "Triples: none\nAnswer: zzz", "Sentences: 1\nAnswer:")

    def nonsense(request: Request, index: int) -> str:
        return texts[index]

    bad = evaluate(entry.build(), examples, nonsense)
    for metric in METRICS:
        assert bad.scores[metric] == (0.0,) * len(examples)
    assert bad.parse_failures == {"retrieve": 3 * len(examples), "answer": len(examples)}
