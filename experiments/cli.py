"""The command line: ``agenttts search``, ``compare``, ``report``, ``validate``, ``record``, ``oracle`` and so on."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from importlib.metadata import version
from typing import Any, NoReturn

from agenttts_env.errors import AgentTTSError, EngineError, InvalidInputError
from agenttts_env.experiments import help_texts, parsing
from agenttts_env.experiments.compare.options import CompareOptions, read_options
from agenttts_env.experiments.enjoy_options import ENJOY_FIELDS, ENJOY_GROUPS, EnjoyOptions
from agenttts_env.experiments.options import GROUPS, RECORD_FIELDS, RecordOptions, SearchOptions
from agenttts_env.experiments.oracle_options import ORACLE_FIELDS, OracleOptions
from agenttts_env.experiments.paper.options import PaperOptions
from agenttts_env.experiments.train_options import TRAIN_GROUPS, TrainOptions, read_train_options

DONE, FAILED, INVALID, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all is well; inference failed, or a result is refuted; a request that breaks a rule; Ctrl-C."""

_POWER_OPTIONS = {
    "difference": ("D", "mean difference in regret that is to be told"),
    "deviation": ("S", "standard deviation of paired differences within a problem [DIR's median over pairs]"),
    "problems": ("N", "how many problems [DIR's, or 1]"),
    "pairs": ("N", "among how many pairs, for Holm's correction [all of DIR's, or 1]"),
    "seeds": ("N", "say the power of so many too [DIR's]"),
}


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
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # a task may be a module of this folder, as it could under `python -m`
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
    parser = _command(_Parser(prog="agenttts"), help_texts.DESCRIPTION, help_texts.EXAMPLES)
    parser.add_argument("--version", action="version", version=f"agenttts-env {version('agenttts-env')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    search = _command(
        commands.add_parser("search", help="search for the best allocation"),
        help_texts.SEARCH_DESCRIPTION,
        help_texts.SEARCH_EXAMPLES,
    )
    search.usage = "agenttts search --task NAME [OPTION VALUE]..."
    search.set_defaults(run=_search)
    _add_options(search, fields(SearchOptions))
    compare = _command(
        commands.add_parser("compare", help="compare searchers, on simulated tasks or recorded outcomes"),
        help_texts.COMPARE_DESCRIPTION,
        help_texts.COMPARE_EXAMPLES,
    )
    compare.usage = "agenttts compare [OPTION VALUE]..."
    compare.set_defaults(run=_compare)
    _add_options(compare, fields(CompareOptions))
    compare.add_argument("--config", metavar="FILE", help="a file of options")
    report = _command(
        commands.add_parser("report", help="report a comparison"),
        help_texts.REPORT_DESCRIPTION,
    )
    report.add_argument("dir", metavar="DIR", help="folder of the comparison")
    report.add_argument("--all", action="store_true", help="print the table of every problem too")
    report.add_argument(
        "--markdown", metavar="FILE", help="write this GitHub Markdown too, with its plots in a folder of its name"
    )
    report.add_argument(
        "--wandb",
        choices=("off", "offline", "online"),
        default="off",
        help="log the comparison to Weights & Biases: offline (files below DIR/wandb) or online; what is there "
        "already is not logged twice [off]",
    )
    report.set_defaults(run=_report)
    sync = _command(
        commands.add_parser("sync", help="upload offline runs to Weights & Biases"),
        "Upload what --wandb offline has written below DIR/wandb to Weights & Biases, by `wandb sync`, but for what is "
        "uploaded\nalready. It needs an account: `wandb login`, or WANDB_API_KEY.",
    )
    sync.add_argument("dir", metavar="DIR", help="folder of a search, a training or a comparison")
    sync.set_defaults(run=_sync)
    validate = _command(
        commands.add_parser("validate", help="check a comparison's result by running it again"),
        help_texts.VALIDATE_DESCRIPTION,
    )
    validate.add_argument("file", metavar="RESULT.json", help="result.json of a finished comparison")
    validate.add_argument("--jobs", action="append", metavar="N", help="how many processes run cells [all cores]")
    validate.add_argument(
        "--any-version", action="store_true", help="also a result that another version, or other libraries, made"
    )
    validate.set_defaults(run=_validate)
    power = _command(
        commands.add_parser("power", help="how many seeds tell a difference"),
        help_texts.POWER_DESCRIPTION,
        help_texts.POWER_EXAMPLES,
    )
    power.add_argument("dir", metavar="DIR", nargs="?", help="folder of a comparison, which gives all but a difference")
    for name, (metavar, text) in _POWER_OPTIONS.items():
        power.add_argument(f"--{name}", metavar=metavar, required=name == "difference", help=text)
    power.set_defaults(run=_power)
    record = _command(
        commands.add_parser("record", help="record a pipeline's outcomes, to search them in no time"),
        help_texts.RECORD_DESCRIPTION,
        help_texts.RECORD_EXAMPLES,
    )
    record.usage = "agenttts record --task NAME [OPTION VALUE]..."
    record.set_defaults(run=_record)
    _add_options(record, RECORD_FIELDS)
    oracle = _command(
        commands.add_parser("oracle", help="compute the best allocation, where all can be computed"),
        help_texts.ORACLE_DESCRIPTION,
        help_texts.ORACLE_EXAMPLES,
    )
    oracle.usage = "agenttts oracle [--task NAME] [OPTION VALUE]..."
    oracle.set_defaults(run=_oracle)
    _add_options(oracle, ORACLE_FIELDS)
    train = _command(
        commands.add_parser("train", help="train a policy that allocates, in a simulation"),
        help_texts.TRAIN_DESCRIPTION,
        help_texts.TRAIN_EXAMPLES,
    )
    train.usage = "agenttts train --env ID [OPTION VALUE]..."
    train.set_defaults(run=_train)
    _add_options(train, fields(TrainOptions), TRAIN_GROUPS)
    train.add_argument("--config", metavar="FILE", help="a file of options")
    enjoy = _command(
        commands.add_parser("enjoy", help="show a trained policy at work"),
        "Show a policy that `agenttts train` wrote: allocations over budgets, searches trial by trial, or questions\n"
        "step by step, in a simulation on data that it was not trained on. The file holds pickled Python objects:\n"
        "show only what you trust.",
    )
    enjoy.add_argument("path", metavar="PATH", help="file of the policy, or folder of its training")
    enjoy.set_defaults(run=_enjoy)
    _add_options(enjoy, ENJOY_FIELDS, ENJOY_GROUPS)
    paper = _command(
        commands.add_parser("paper", help="repeat an experiment of the paper"),
        help_texts.PAPER_DESCRIPTION,
        help_texts.PAPER_EXAMPLES,
    )
    paper.usage = "agenttts paper [NAME] [OPTION VALUE]..."
    paper.add_argument("name", metavar="NAME", nargs="?", help="of a preset, or all; see `agenttts paper`")
    paper.set_defaults(run=_paper)
    _add_options(paper, fields(PaperOptions))
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


def _add_options(
    parser: argparse.ArgumentParser, options: Sequence[Field[Any]], titles: Mapping[str, str] = GROUPS
) -> None:
    named = {option.metadata["group"] for option in options}
    groups = {name: parser.add_argument_group(title) for name, title in titles.items() if name in named}
    for option in options:
        group, name = groups[option.metadata["group"]], "--" + option.name.replace("_", "-")
        if option.default is False:  # a flag, which takes no value
            group.add_argument(name, action="append_const", const="", help=option.metadata["help"])
            continue
        group.add_argument(
            name,
            action="append",
            required=option.default == "",
            metavar=option.metadata["metavar"],
            help=option.metadata["help"] + _default(option.default),
        )


def _given(words: argparse.Namespace, options: Sequence[Field[Any]]) -> dict[str, Any]:
    given = {option: getattr(words, option.name) for option in options}
    return {
        option.name: option.metadata["parse"](option.name, values)
        for option, values in given.items()
        if values is not None
    }


def _default(value: object) -> str:
    return f" [{value}]" if isinstance(value, (int, str)) and value != "" else ""


def _search(words: argparse.Namespace) -> int:
    given = _given(words, fields(SearchOptions))
    from agenttts_env.experiments.assembly import backend_defaults
    from agenttts_env.experiments.run_search import run_search

    options = SearchOptions(**(backend_defaults(given) | given))
    summary = run_search(options)
    if summary["best_trial"] is None:
        print(
            f"error: no trial was completed; to try again, choose another --out than {options.folder}", file=sys.stderr
        )
        return FAILED
    return DONE


def _compare(words: argparse.Namespace) -> int:
    configured = read_options(words.config) if words.config is not None else {}
    options = CompareOptions(**(configured | _given(words, fields(CompareOptions))))
    from rich.console import Console

    from agenttts_env.experiments.compare.run import run_comparison
    from agenttts_env.experiments.report import report_console

    run_comparison(options, report_console(), Console(stderr=True))
    return DONE


def _report(words: argparse.Namespace) -> int:
    from agenttts_env.experiments.compare.log import ComparisonFolder
    from agenttts_env.experiments.compare.report import report_comparison
    from agenttts_env.experiments.report import report_console

    folder = ComparisonFolder(words.dir)
    files = report_comparison(folder, report_console(), every_problem=words.all, markdown=words.markdown)
    if words.wandb != "off":
        from rich.console import Console

        from agenttts_env.experiments.compare.tracking import track_comparison

        track_comparison(folder, files, words.wandb, Console(stderr=True))
    return DONE


def _sync(words: argparse.Namespace) -> int:
    from agenttts_env.experiments.sync import upload

    print(f"uploaded: {upload(words.dir)} runs")
    return DONE


def _power(words: argparse.Namespace) -> int:
    from agenttts_env.experiments.compare.planner import plan_of

    given = {name: getattr(words, name) for name in _POWER_OPTIONS}
    numbers = {
        name: (parsing.number if name in ("difference", "deviation") else parsing.integer)(name, [word])
        for name, word in given.items()
        if word is not None
    }
    difference = numbers.pop("difference")
    for line in plan_of(words.dir, **numbers).lines(difference):
        print(line)
    return DONE


def _validate(words: argparse.Namespace) -> int:
    jobs = None if words.jobs is None else parsing.integer("jobs", words.jobs)
    from rich.console import Console

    from agenttts_env.experiments.report import report_console
    from agenttts_env.experiments.validate import validate

    confirmed = validate(words.file, report_console(), Console(stderr=True), jobs=jobs, any_version=words.any_version)
    return DONE if confirmed else FAILED


def _record(words: argparse.Namespace) -> int:
    options = RecordOptions.of(**_given(words, RECORD_FIELDS))
    from agenttts_env.experiments.record import run_record

    run_record(options)
    return DONE


def _oracle(words: argparse.Namespace) -> int:
    options = OracleOptions.of(**_given(words, ORACLE_FIELDS))
    from agenttts_env.experiments.oracle import run_oracle
    from agenttts_env.experiments.report import report_console

    run_oracle(options, report_console())
    return DONE


def _train(words: argparse.Namespace) -> int:
    configured = read_train_options(words.config) if words.config is not None else {}
    options = TrainOptions(**(configured | _given(words, fields(TrainOptions))))
    from rich.console import Console

    from agenttts_env.experiments.train import run_training

    run_training(options, Console(stderr=True))
    return DONE


def _enjoy(words: argparse.Namespace) -> int:
    options = EnjoyOptions(words.path, **_given(words, ENJOY_FIELDS))
    from agenttts_env.experiments.enjoy import run_enjoy
    from agenttts_env.experiments.report import report_console

    run_enjoy(options, report_console())
    return DONE


def _paper(words: argparse.Namespace) -> int:
    options = PaperOptions(**_given(words, fields(PaperOptions)))
    from rich.console import Console

    from agenttts_env.experiments.paper.run import presets_table, run_presets
    from agenttts_env.experiments.report import report_console

    if words.name is None:
        report_console().print(presets_table())
    else:
        run_presets(words.name, options, report_console(), Console(stderr=True))
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
