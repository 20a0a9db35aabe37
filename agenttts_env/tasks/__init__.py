"""Task families and the registry of tasks."""

from agenttts_env.tasks.chatdev_tasks import ENTRIES as CHATDEV_ENTRIES
from agenttts_env.tasks.fictional_qa import generate
from agenttts_env.tasks.kgqa_tasks import ENTRIES as KGQA_ENTRIES
from agenttts_env.tasks.qa_tasks import ENTRIES
from agenttts_env.tasks.registry import TASKS, TaskEntry, get_entry, register_task
from agenttts_env.tasks.retrieval_example import RetrievalExample
from agenttts_env.tasks.retrieval_qa import RetrievalQA
from agenttts_env.tasks.split import split
from agenttts_env.tasks.taskbench_task import ENTRIES as TASKBENCH_ENTRIES

for _entry in (*ENTRIES, *KGQA_ENTRIES, *CHATDEV_ENTRIES, *TASKBENCH_ENTRIES):
    register_task(_entry)

__all__ = [
    "TASKS",
    "RetrievalExample",
    "RetrievalQA",
    "TaskEntry",
    "generate",
    "get_entry",
    "register_task",
    "split",
]
