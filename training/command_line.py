"""Build the command line of the training steps."""

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from cli import aws
from cli.command_line import Result, conclude
from cli.console import make_console
from cli.parser import Parser, add_global_arguments, parse
from cli.project import find_project
from training.dataset.presence import require_presence
from training.project.naming import Names
from training.project.run_file import alone_in, open_run_file
from training.steps import (
    ab,
    archive,
    autopilot,
    cleanup,
    deploy,
    evaluate,
    export,
    monitor,
    promote,
    rollback,
    stage,
    status,
    threshold,
    train,
    tune,
)
from training.steps.context import Context, Step

STEPS: dict[str, Step] = {
    "stage": stage,
    "train": train,
    "tune": tune,
    "autopilot": autopilot,
    "promote": promote,
    "deploy": deploy,
    "ab": ab,
    "rollback": rollback,
    "threshold": threshold,
    "evaluate": evaluate,
    "monitor": monitor,
    "status": status,
    "cleanup": cleanup,
    "archive": archive,
    "export": export,
}
# `stage` creates the dataset again. `status` and `cleanup` work with the remaining resources.
# `rollback` must work in an emergency.
WITHOUT_DATASET = {"stage", "status", "cleanup", "rollback"}
RUNS = "runs"  # folder in the project
PROGRAM = "python -m training"


def main(arguments: Sequence[str]) -> int:
    """Run one step, and return the exit status.

    It is 0 when the step is done, 1 when it cannot be done, 2 for wrong usage, 3 for drift, and
    130 after an interruption.
    """
    return run(parse(make_parser(), arguments))


def run(options: argparse.Namespace) -> int:
    """Run the step of a parsed command line, and return the exit status."""
    same = (
        "the same options, but without --again,"
        if getattr(options, "again", False)
        else "the same options"
    )
    interrupted = f"`scones {options.command}` with {same} continues."
    return conclude(lambda: _run(options), options, interrupted)


def _run(options: argparse.Namespace) -> Result:
    names = Names(options.project, options.environment, options.run)
    runs: Path = options.runs or find_project(options.project_dir) / RUNS
    folder = runs / names.service / names.run
    console = make_console(options.json, options.quiet)
    account = aws.connect(options.region, aws.CONFIG, options.profile)

    # `status` changes nothing: it need not wait for other steps, and leaves no folder behind.
    with nullcontext() if options.command == "status" else alone_in(folder):
        context = Context(account, names, open_run_file(folder), console)
        if options.command not in WITHOUT_DATASET:
            require_presence(account, context.run)
        return Result(STEPS[options.command].run(context, options))


def make_parser() -> Parser:
    """Return the parser of all steps."""
    parser = Parser(
        prog=PROGRAM,
        description="Turn labelled images into the SageMaker endpoint of the service.",
    )
    add_global_arguments(parser)
    steps = parser.add_subparsers(
        dest="command",
        required=True,
        metavar=" | ".join(STEPS),
        prog=PROGRAM,
        parser_class=Parser,
    )
    add_commands(steps)
    return parser


def add_commands(commands: Any) -> None:
    """Add the parser of each step to a parser's commands."""
    for name, step in STEPS.items():
        parser = commands.add_parser(name, help=step.HELP, description=step.HELP)
        _add_run_arguments(parser)
        step.add_arguments(parser)
        add_global_arguments(parser)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    names = Names()
    add = parser.add_argument_group("run").add_argument
    add("--project", default=names.project, help="first part of all names (default: %(default)s)")
    add("--run", default=names.run, help="name of a dataset and its models (default: %(default)s)")
    add(
        "--runs",
        type=Path,
        metavar="DIR",
        help=f"folder of run.json and reports (default: {RUNS}/ in the project)",
    )
