"""The options of `stage`, and what they mean."""

import argparse
import os
from fractions import Fraction

from cli.arguments import whole
from training.dataset.dataset import OTHER, SPLITS
from training.dataset.manifest import Columns
from training.dataset.source import class_name
from training.project.errors import TrainingError

_SOURCE = """folder with a sub-folder for each class; the same below train/, validation/, calibration/ and test/;
manifest (.csv, .tsv, .jsonl) with the columns path (or S3 URL), label and, if you like, split;
cifar-10-python.tar.gz or cifar-100-python.tar.gz, or the folder it unpacks to; s3://bucket/prefix with a "folder" for
each class"""
_OTHER = f"""counter-examples: a second source, of things that are none of the classes. All of its classes become one,
{OTHER}, whose predictions the service always leaves for review"""
_NO_BALANCE = "off"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add("source", metavar="SOURCE", help=_SOURCE)
    add(
        "--classes",
        type=_classes,
        default=(),
        metavar="A,B",
        help="take these classes and leave the others alone; a manifest must not have others (all classes)",
    )
    add(
        "--split",
        type=_shares,
        default="0.7,0.1,0.1,0.1",
        metavar="TRAIN,VALIDATION,CALIBRATION,TEST",
        help="shares of the splits; those of the source are kept, the others drawn from its train (%(default)s)",
    )
    add("--other", metavar="DIR", help=_OTHER)
    add("--seed", type=int, default=0, help="another seed draws other splits (%(default)s)")
    add(
        "--balance",
        type=_ratio,
        default="1.5",
        metavar="RATIO",
        help="leave images out of classes, and of the counter-examples, with more than RATIO times the training "
        "images of the smallest class; "
        f"`{_NO_BALANCE}` takes all (%(default)s)",
    )
    add(
        "--bucket",
        help="bucket for the dataset (default: the one of the training stack, made if need be)",
    )
    add(
        "--recordio",
        action="store_true",
        help="write train and validation as RecordIO files as well",
    )
    add(
        "--workers",
        type=whole(1, 1000),
        default=os.process_cpu_count() or 1,
        metavar="N",
        help="processes that prepare images (the processors here: %(default)s)",
    )
    group = parser.add_argument_group("columns of a manifest")
    for name, default in vars(Columns()).items():
        group.add_argument(
            f"--{name}-column", default=default, metavar="NAME", help="(%(default)s)"
        )


def _classes(text: str) -> tuple[str, ...]:
    try:
        names = {class_name(part.strip()) for part in text.split(",")}
    except TrainingError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
    if len(names) < 2:
        raise argparse.ArgumentTypeError("at least two different classes, such as automobile,truck")
    return tuple(sorted(names))


def _shares(text: str) -> dict[str, Fraction]:
    try:
        shares = [
            Fraction(part.strip()) for part in text.split(",")
        ]  # exact: 0.1 of 10 images is 1
    except (ValueError, ZeroDivisionError):
        shares = []
    if len(shares) != len(SPLITS) or min(shares) <= 0:
        raise argparse.ArgumentTypeError(
            f"four numbers above 0, such as 0.7,0.1,0.1,0.1 or 7,1,1,1: {text}"
        )
    return dict(zip(SPLITS, shares, strict=True))


def _ratio(text: str) -> Fraction | None:
    if text == _NO_BALANCE:
        return None
    try:
        ratio = Fraction(text)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(0)
    if ratio < 1:
        raise argparse.ArgumentTypeError(f"a number of at least 1, or {_NO_BALANCE}: {text}")
    return ratio
