"""The task automation of TaskBench: its stages, models and lengths."""

from __future__ import annotations

from agenttts_env.model import MODELS
from agenttts_env.stage import Stage
from agenttts_env.task import Task
from agenttts_env.tasks.automation import METRICS, TaskAutomation
from agenttts_env.tasks.registry import TaskEntry
from agenttts_env.tasks.taskbench import load_taskbench

_MODELS = (MODELS["llama-3.1-8b"], MODELS["llama-3.1-70b"])


def taskbench(*, demonstrations: int = 2) -> Task:
    """The task ``taskbench``."""
    return Task(
        "taskbench",
        "Requests to an assistant that has a list of tools. One stage decomposes the request into steps, the next "
        "selects the tools for them, the last fills in the parameters that the tools are called with.",
        (
            # Nominal lengths: the paper's Table 4. The sample's gold replies take up to 204, 54 and 316
            # tokens of SmolLM2.
            Stage("decompose", _MODELS, 1024, 64, max_tokens=256),
            Stage("select", _MODELS, 1024, 256, max_tokens=128),
            Stage("fill", _MODELS, 1024, 2048, max_tokens=512),
        ),
        METRICS,
        TaskAutomation(demonstrations),
    )


ENTRIES = (TaskEntry("taskbench", "TaskBench", taskbench, load_taskbench),)
