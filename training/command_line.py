"""The steps of `python -m training` as a command line."""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from training import archive, aws, cleanup, status
from training.console import make_console, print_data
from training.deploy import step as deploy
from training.errors import TrainingError
from training.evaluate import step as evaluate
from training.naming import Names
from training.run_file import alone_in, open_run_file
from training.stage import step as stage
from training.step import Context, Step
from training.train import step as train

STEPS: dict[str, Step] = {
    "stage": stage,
    "train": train,
    "deploy": deploy,
    "evaluate": evaluate,
    "status": status,
    "cleanup": cleanup,
    "archive": archive,
}
RUNS = Path("runs")


def main(arguments: Sequence[str]) -> int:
    """Run one step; return the exit status: 0 done, 1 cannot be done, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        data = _run(options)
    except (TrainingError, ClientError, BotoCoreError) as exc:
        error = exc if isinstance(exc, TrainingError) else aws.explain(exc)
        told = {"type": type(error).__name__, "message": str(error)}
        print(f"{told['type']}: {told['message']}", file=sys.stderr)
        if options.json:
            print_data({"error": told})
        return 1
    except KeyboardInterrupt:
        same = "the same options, but without --again," if getattr(options, "again", False) else "the same options"
        print(f"\nInterrupted. `python -m training {options.step}` with {same} goes on.", file=sys.stderr)
        return 128 + signal.SIGINT
    if options.json:
        print_data(data)
    return 0


def _run(options: argparse.Namespace) -> dict[str, Any]:
    names = Names(options.project, options.stage, options.run)
    folder: Path = options.runs / names.service / names.run
    console, account = make_console(options.json), aws.connect(options.region)
    # Whoever only looks need not wait for the others, and leaves no folder behind.
    with nullcontext() if options.step == "status" else alone_in(folder):
        return STEPS[options.step].run(Context(account, names, open_run_file(folder), console), options)


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
    group.add_argument("--project", default=names.project, help="first part of every name (%(default)s)")
    group.add_argument(
        "--stage", default=names.stage, help="dev, prod ...: each has an endpoint of its own (%(default)s)"
    )
    group.add_argument("--run", default=names.run, help="a dataset and what comes of it (%(default)s)")
    group.add_argument(
        "--runs", type=Path, default=RUNS, help="folder of the runs' run.json and reports (%(default)s/)"
    )
    group.add_argument("--region", help="AWS region (default: as for any AWS client)")
    group.add_argument("--json", action="store_true", help="print the result as JSON, everything else on stderr")
    return common
