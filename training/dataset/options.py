"""Define the options of `stage`, and those of reviews, which `export` has too."""

import argparse
import os
import re
from datetime import date
from fractions import Fraction

from cli.arguments import whole
from training.dataset.dataset import OTHER, SPLITS
from training.dataset.manifest_rows import Columns
from training.dataset.source import class_name
from training.project.errors import TrainingError

_SOURCE = """labelled images, as one of:
a folder with a sub-folder for each class, or with train/, validation/, calibration/ and test/
that hold such sub-folders;
a manifest (.csv, .tsv, .jsonl) with the columns path (or S3 URL), label and, optionally, split
and group;
an export of SageMaker Ground Truth, Rekognition, Label Studio, Azure Custom Vision or CVAT; a .lst;
cifar-10-python.tar.gz or cifar-100-python.tar.gz, or the folder that it unpacks to;
s3://bucket/prefix with a "folder" for each class"""
_OTHER = f"""source of negative examples: images of none of the classes. They become the class
{OTHER}, whose predictions the service always leaves for review"""
_WITH_REVIEWS = """add the images that people have labelled with `scones review`: audits calibrate
and test, all others train"""
_OFF = "off"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add("source", metavar="SOURCE", help=_SOURCE)
    add(
        "--classes",
        type=_classes,
        default=(),
        metavar="A,B",
        help="use only these classes (default: all; a manifest must not have others)",
    )
    add(
        "--split",
        type=_shares,
        default="0.7,0.1,0.1,0.1",
        metavar="TRAIN,VALIDATION,CALIBRATION,TEST",
        help="share of each split; a source with splits keeps them, and only its train split "
        "is divided for missing ones (default: %(default)s)",
    )
    add("--other", metavar="DIR", help=_OTHER)
    add_review_arguments(parser, _WITH_REVIEWS)
    add(
        "--seed", type=int, default=0, metavar="N", help="seed of the splits (default: %(default)s)"
    )
    add(
        "--balance",
        type=_ratio,
        default=_OFF,
        metavar="RATIO",
        help="leave out training images of large classes, and of the negative examples, beyond "
        "RATIO times those of the smallest class (default: %(default)s, all images train)",
    )
    add(
        "--oversample",
        type=_ratio,
        default=_OFF,
        metavar="RATIO",
        help="list training images of small classes several times, until the largest class has at "
        "most RATIO times the entries of any class; for images that arrive in other proportions "
        "than the labelled ones (default: %(default)s)",
    )
    add(
        "--group",
        type=_pattern,
        metavar="PATTERN",
        help="regular expression: images whose paths have the same match (or the same first group "
        "of it) stay in one split, such as 'vehicle-[0-9]+'",
    )
    add(
        "--ignore-motifs",
        action="store_true",
        help="let near-duplicates be in different splits, for photos of one unmoved camera",
    )
    add("--bucket", help="bucket for the dataset (default: the training stack's, made if missing)")
    add(
        "--recordio",
        action="store_true",
        help="also write the train and validation splits as RecordIO files",
    )
    add(
        "--workers",
        type=whole(1, 1000),
        default=os.process_cpu_count() or 1,
        metavar="N",
        help="processes that prepare images (default: %(default)s, the processors here)",
    )
    group = parser.add_argument_group("columns of a manifest")
    for name, default in vars(Columns()).items():
        group.add_argument(
            f"--{name}-column",
            default=default,
            metavar="NAME",
            help=f"column of the {name} (default: %(default)s)",
        )


def add_review_arguments(parser: argparse.ArgumentParser, text: str) -> None:
    """Add --with-reviews, explained by a text, and the options that belong to it."""
    add = parser.add_argument
    add("--with-reviews", action="store_true", help=text)
    add(
        "--audits-only",
        action="store_true",
        help="with --with-reviews: calibrate and test with audits alone",
    )
    add(
        "--audits-since",
        type=_day,
        metavar="YYYY-MM-DD",
        help="with --with-reviews: leave out audits of images that were decided before this day "
        "(UTC)",
    )
    add("--stack", help="with --with-reviews: stack of the service (default: the endpoint's name)")


def _classes(text: str) -> tuple[str, ...]:
    try:
        names = {class_name(part.strip()) for part in text.split(",")}
    except TrainingError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc
    if len(names) < 2:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not at least two different classes, such as automobile,truck"
        )
    return tuple(sorted(names))


def _shares(text: str) -> dict[str, Fraction]:
    try:
        # Fractions are exact: 0.1 of 10 images is 1.
        shares = [Fraction(part.strip()) for part in text.split(",")]
    except (ValueError, ZeroDivisionError):
        shares = []

    if len(shares) != len(SPLITS) or min(shares) <= 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not four shares above 0, such as 0.7,0.1,0.1,0.1"
        )
    if (total := sum(shares)) != 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} adds up to {float(total):g}. The four shares must add up to 1"
        )
    return dict(zip(SPLITS, shares, strict=True))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {exc}") from exc


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day, such as 2030-01-31") from exc


def _ratio(text: str) -> Fraction | None:
    if text == _OFF:
        return None
    try:
        ratio = Fraction(text)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(0)

    if ratio < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1, or {_OFF}")
    return ratio
