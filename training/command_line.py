"""The steps of `python -m training` as a command line."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from training import archive, aws, cleanup, status
from training.console import make_console, print_data
from training.deploy import step as deploy
from training.errors import TrainingError
from training.evaluate import step as evaluate
from training.naming import Names
from training.run_file import open_run_file
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
    console = make_console(options.json)
    try:
        names = Names(options.project, options.stage, options.run)
        run = open_run_file(options.runs / names.service / names.run)
        data = STEPS[options.step].run(Context(aws.connect(options.region), names, run, console), options)
    except TrainingError as exc:
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as exc:
        told = aws.explain(exc)
        print(f"{type(told).__name__}: {told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. `python -m training {options.step}` with the same options goes on.", file=sys.stderr)
        return 128 + signal.SIGINT
    if options.json:
        print_data(data)
    return 0


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
