"""The options of training jobs, which `train` and `tune` share."""

import argparse
import re
from pathlib import Path

from cli import instances
from cli.arguments import whole
from training.jobs import hyperparameters


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a training job."""
    job = parser.add_argument_group("the training job")
    job.add_argument(
        "--role", metavar="ARN", help="role that SageMaker works as (default: the one `stage` made)"
    )
    job.add_argument(
        "--instance-type", default=instances.TRAINING, help="a machine with a GPU (%(default)s)"
    )
    job.add_argument(
        "--volume-size",
        type=whole(1, 16384),
        default=30,
        metavar="GB",
        help="disk for data and model (%(default)s)",
    )
    job.add_argument(
        "--max-runtime",
        type=seconds,
        default="2h",
        metavar="TIME",
        help="caps the bill: 90s, 30m, 2h (%(default)s)",
    )
    job.add_argument(
        "--spot", action="store_true", help="spot machines: up to 90 %% cheaper, may be interrupted"
    )
    job.add_argument(
        "--max-wait", type=seconds, metavar="TIME", help="for --spot: waiting and training together"
    )
    job.add_argument("--kms-key", metavar="KEY", help="encrypts the model in S3")
    job.add_argument("--volume-kms-key", metavar="KEY", help="encrypts the disk (p2 and p3 only)")
    job.add_argument(
        "--dry-run", action="store_true", help="check everything, print the request, create nothing"
    )
    job.add_argument(
        "--again", action="store_true", help="train anew although the run has this very model"
    )
    earlier = parser.add_argument_group(
        "going on from an earlier model"
    ).add_mutually_exclusive_group()
    earlier.add_argument("--from-model", metavar="S3-URL", help="its model.tar.gz")
    earlier.add_argument("--from-run", metavar="NAME", help="the model of another run (its --run)")
    tuned = parser.add_argument_group("hyperparameters")
    tuned.add_argument(
        "--hyperparameters",
        type=Path,
        default=hyperparameters.DEFAULTS,
        metavar="TOML",
        help="file of them; the flags below override it (default: training/jobs/hyperparameters.toml)",
    )
    for name, kind in hyperparameters.KINDS.items():
        tuned.add_argument(f"--{name.replace('_', '-')}", metavar="X", help=kind.words)


def seconds(text: str) -> int:
    """Parse a time such as 90s, 30m or 2h; a bare number is seconds."""
    parts = re.fullmatch(r"([1-9][0-9]*)([smh]?)", text)
    if not parts:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 30m or 2h")
    return int(parts[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[parts[2]]
