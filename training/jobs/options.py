"""Define the options of training jobs, which `train` and `tune` share."""

import argparse
from pathlib import Path

from cli import instances
from cli.arguments import duration, whole
from cli.instances import BUILT_IN
from training.jobs import hyperparameters
from training.models.containers import ALGORITHMS


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a training job."""
    _add_machine_arguments(parser)
    _add_earlier_model_arguments(parser)
    _add_hyperparameters(parser)


def _add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("training job").add_argument
    add("--role", metavar="ARN", help="IAM role for SageMaker (default: the role of `stage`)")
    add(
        "--algorithm",
        choices=ALGORITHMS,
        default=BUILT_IN,
        help="image-classification is SageMaker's built-in algorithm and needs a GPU; "
        "transfer-learning trains a layer on a frozen network and needs none "
        "(default: %(default)s)",
    )
    default = " or ".join(instances.TRAINING.values())
    add(
        "--instance-type",
        metavar="TYPE",
        help=f"instance type (default: {default}, by the algorithm)",
    )
    add(
        "--volume-size",
        type=whole(1, 16384),
        default=30,
        metavar="GB",
        help="disk for data and model (default: %(default)s)",
    )
    add(
        "--max-runtime",
        type=duration(longest="28d"),
        default="2h",
        metavar="DURATION",
        help="stop the job after this time, which limits its cost (default: %(default)s)",
    )
    add(
        "--spot",
        action="store_true",
        help="use spot instances: up to 90 %% cheaper, but AWS may interrupt them",
    )
    add(
        "--max-wait",
        type=duration(longest="28d"),
        metavar="DURATION",
        help="with --spot: limit for waiting and training together",
    )
    add("--kms-key", metavar="KEY", help="KMS key that encrypts the model in S3")
    add("--volume-kms-key", metavar="KEY", help="KMS key that encrypts the disk (p2 and p3 only)")
    add("--dry-run", action="store_true", help="check everything and print the request only")
    add("--again", action="store_true", help="train even if the run already has this model")


def _add_earlier_model_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("continue from an earlier model")
    add = group.add_mutually_exclusive_group().add_argument
    add("--from-model", metavar="S3-URL", help="model.tar.gz of the earlier model")
    add("--from-run", metavar="NAME", help="the model of another run (its --run)")


def _add_hyperparameters(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "hyperparameters",
        "An option overrides the same name in the file of --hyperparameters. "
        "The defaults below are those of that file, or of the algorithm.",
    )
    group.add_argument(
        "--hyperparameters",
        type=Path,
        default=hyperparameters.DEFAULTS,
        metavar="TOML",
        help="file of hyperparameters (default: training/jobs/hyperparameters.toml)",
    )
    defaults = hyperparameters.read(hyperparameters.DEFAULTS)
    for name, kind in hyperparameters.KINDS.items():
        default = defaults.get(name, kind.default)
        group.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="X",
            help=f"{kind.meaning}; {kind.words} (default: {default})".replace("%", "%%"),
        )
