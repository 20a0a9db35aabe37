"""The command line: ``agenttts search``, ``agenttts tasks`` and ``agenttts show``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version
from typing import NoReturn

from agenttts_env.errors import AgentTTSError, EngineError, InvalidInputError
from agenttts_env.experiments.options import GROUPS, SearchOptions

DONE, FAILED, INVALID, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all is well; inference failed; a request that breaks a rule; Ctrl-C."""

_DESCRIPTION = """\
Which model and how many samples at which stage of an LLM pipeline give the best score within a budget?
A search tries allocations of the budget by running them, and learns from their scores.
"""

_EXAMPLES = """\
examples:
  agenttts tasks                               what can be searched
  agenttts search --help                       all options of a search
  agenttts search --task fictional-qa --engine scripted --trials 20 --out runs/first
                                               a search in seconds, without any model (its scores are meaningless)
  agenttts show runs/first                     tables and plot of a run, finished or running
"""

_SEARCH_DESCRIPTION = """\
Search for the allocation with the best score within a budget.

Every sample is kept in a store before it is used: stop a search at any time, give the same command again, and it goes
on without computing anything twice. At the end the best allocation is scored once on the sealed test split.
"""

_SEARCH_EXAMPLES = """\
examples:
  a search in seconds, without any model (its scores are meaningless):
    agenttts search --task fictional-qa --engine scripted --models smollm2-135m,smollm2-360m --trials 20

  real inference on a laptop: up to 16 samples at each of two stages, within 400 GFLOPs per example:
    agenttts search --task fictional-qa --engine transformers --models smollm2-135m \\
      --max-samples 16 --cost flops --budget 4e11 --trials 15 --examples 20 --test-examples 50

  an LLM as the searcher, models behind an OpenAI-compatible server, tracked offline:
    agenttts search --task 2wikimultihopqa --data DIR --engine openai --base-url http://HOST:8000/v1 \\
      --models retrieve=qwen2.5-7b,qwen2.5-72b --models answer=llama-3.2-3b \\
      --searcher agenttts --llm openai:qwen2.5-72b --wandb offline
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and raises where argparse would exit."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInputError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words after the program's name; those of this process if None.

    Returns:
        The exit code: 0; 1 if inference failed; 2 if the request breaks a rule; 130 after Ctrl-C.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before PyTorch is loaded: see TransformersEngine
    words = list(sys.argv[1:] if argv is None else argv)
    again = f"the same command goes on where it stopped:\n  agenttts {shlex.join(words)}"
    try:
        options = _parser().parse_args(words)
        code: int = options.run(options)
    except EngineError as error:
        print(f"error: {error}\n{again}", file=sys.stderr)
        return FAILED
    except AgentTTSError as error:
        print(f"error: {error}", file=sys.stderr)
        return INVALID
    except KeyboardInterrupt:
        print(f"\ninterrupted; {again}", file=sys.stderr)
        return INTERRUPTED
    except SystemExit as error:  # --help and --version
        return int(error.code or 0)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _command(_Parser(prog="agenttts"), _DESCRIPTION, _EXAMPLES)
    parser.add_argument("--version", action="version", version=f"agenttts-env {version('agenttts-env')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    search = _command(
        commands.add_parser("search", help="search for the best allocation"), _SEARCH_DESCRIPTION, _SEARCH_EXAMPLES
    )
    search.usage = "agenttts search --task NAME [OPTION VALUE]..."
    search.set_defaults(run=_search)
    groups = {name: search.add_argument_group(title) for name, title in GROUPS.items()}
    for option in fields(SearchOptions):
        groups[option.metadata["group"]].add_argument(
            "--" + option.name.replace("_", "-"),
            action="append",
            required=option.default == "",
            metavar=option.metadata["metavar"],
            help=option.metadata["help"] + _default(option.default),
        )
    tasks = _command(commands.add_parser("tasks", help="list the tasks"), "List the tasks that can be searched.")
    tasks.set_defaults(run=_tasks)
    show = _command(
        commands.add_parser("show", help="show a run"),
        "Show the tables of a run, finished or running, and draw its progress.png. Reads files only, runs no model.",
    )
    show.add_argument("dir", metavar="DIR", help="folder of the run")
    show.add_argument("--all", action="store_true", help="list every trial, not only the last ones")
    show.set_defaults(run=_show)
    return parser


def _command(parser: argparse.ArgumentParser, description: str, epilog: str | None = None) -> argparse.ArgumentParser:
    parser.description, parser.epilog = description, epilog
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.allow_abbrev = False
    return parser


def _default(value: object) -> str:
    return f" [{value}]" if isinstance(value, (int, str)) and value != "" else ""


def _search(words: argparse.Namespace) -> int:
    given = {option: getattr(words, option.name) for option in fields(SearchOptions)}
    options = SearchOptions(
        **{
            option.name: option.metadata["parse"](option.name, values)
            for option, values in given.items()
            if values is not None
        }
    )
    from agenttts_env.experiments.run_search import run_search

    summary = run_search(options)
    if summary["best_trial"] is None:
        print(
            f"error: no trial was completed; to try again, choose another --out than {options.folder}", file=sys.stderr
        )
        return FAILED
    return DONE


def _tasks(_: argparse.Namespace) -> int:
    from agenttts_env.experiments.report import report_console
    from agenttts_env.experiments.tables import tasks_table
    from agenttts_env.tasks import TASKS

    report_console().print(tasks_table(entry.build() for entry in TASKS.values()))
    return DONE


def _show(words: argparse.Namespace) -> int:
    from agenttts_env.experiments.report import print_report, report_console
    from agenttts_env.runfolder import RunFolder

    print_report(report_console(), RunFolder(words.dir), every_trial=words.all)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
