"""The knowledge-graph question-answering tasks: their stages, models and lengths."""

from __future__ import annotations

from agenttts_env.model import MODELS
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.tasks.cwq import load_cwq
from agenttts_env.tasks.qa_tasks import DEMONSTRATIONS
from agenttts_env.tasks.registry import TaskEntry
from agenttts_env.tasks.retrieval_qa import METRICS, RetrievalQA
from agenttts_env.tasks.variant import get_variant
from agenttts_env.tasks.webqsp import load_webqsp

# Nominal lengths: the paper's Table 4. For WebQSP's answers it prints a prompt of 128 tokens; its code and all its
# budgets take 256, and so do we. A list of triples may be longer than the nominal 64 tokens: 128 of SmolLM2's have
# room for the gold of all questions of our sample of CWQ, and of 96% of WebQSP's.
_STAGES = (
    Stage("retrieve", (MODELS["qwen2.5-7b"], MODELS["qwen2.5-72b"]), 1024, 64, max_tokens=128),
    Stage("answer", (MODELS["llama-3.1-8b"], MODELS["llama-3.1-70b"]), 256, 64, max_tokens=64),
)


def cwq(*, demonstrations: int = DEMONSTRATIONS, variant: str = "direct") -> Task:
    """The task ``cwq``."""
    return Task(
        "cwq",
        "Complex questions over the knowledge graph Freebase. One stage chooses the triples (subject, relation, "
        "object) that a question needs out of 100, the next answers the question from the chosen triples.",
        get_variant(variant).stages(_STAGES),
        METRICS,
        RetrievalQA(demonstrations, variant, "triple"),
    )


def webqsp(*, demonstrations: int = DEMONSTRATIONS, variant: str = "direct") -> Task:
    """The task ``webqsp``."""
    return Task(
        "webqsp",
        "Questions that people asked a search engine, over the knowledge graph Freebase. One stage chooses the triples "
        "(subject, relation, object) that a question needs out of 100, the next answers the question from the chosen "
        "triples.",
        get_variant(variant).stages(_STAGES),
        METRICS,
        RetrievalQA(demonstrations, variant, "triple"),
    )


ENTRIES = (
    TaskEntry("cwq", "CWQ", cwq, load_cwq),
    TaskEntry("webqsp", "WebQSP", webqsp, load_webqsp),
)
