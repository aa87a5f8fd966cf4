"""The steps of `python -m training` as a command line."""

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from cli import aws
from cli.command_line import Result, add_account_arguments, conclude
from cli.console import make_console
from training.project.naming import Names
from training.project.run_file import alone_in, open_run_file
from training.steps import (
    ab,
    archive,
    autopilot,
    cleanup,
    deploy,
    evaluate,
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
}
RUNS = Path("runs")


def main(arguments: Sequence[str]) -> int:
    """Run one step; return the exit status: 0 done, 1 cannot be done, 2 wrong usage, 3 drift, 130 interrupted."""
    options = _parser().parse_args(arguments)
    same = (
        "the same options, but without --again,"
        if getattr(options, "again", False)
        else "the same options"
    )
    interrupted = f"`python -m training {options.step}` with {same} goes on."
    return conclude(lambda: _run(options), options.json, interrupted)


def _run(options: argparse.Namespace) -> Result:
    names = Names(options.project, options.environment, options.run)
    folder: Path = options.runs / names.service / names.run
    console, account = make_console(options.json), aws.connect(options.region)
    # Whoever only looks need not wait for the others, and leaves no folder behind.
    with nullcontext() if options.step == "status" else alone_in(folder):
        return Result(
            STEPS[options.step].run(
                Context(account, names, open_run_file(folder), console), options
            )
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="From labelled images to the SageMaker endpoint that the service asks.",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar=" | ".join(STEPS))
    for name, step in STEPS.items():
        own = steps.add_parser(name, parents=[_common()], help=step.HELP, description=step.HELP)
        step.add_arguments(own)
    return parser


def _common() -> argparse.ArgumentParser:
    names = Names()
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("which run")
    group.add_argument(
        "--project", default=names.project, help="first part of every name (%(default)s)"
    )
    group.add_argument(
        "--environment",
        default=names.environment,
        help="dev, prod ...: each has an endpoint of its own (%(default)s)",
    )
    group.add_argument(
        "--run", default=names.run, help="a dataset and what comes of it (%(default)s)"
    )
    group.add_argument(
        "--runs",
        type=Path,
        default=RUNS,
        help="folder of the runs' run.json and reports (%(default)s/)",
    )
    add_account_arguments(group)
    return common
