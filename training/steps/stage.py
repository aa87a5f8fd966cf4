"""Turn labelled images into a dataset in S3 for training jobs."""

import argparse
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.names import shorten
from cli.parser import DEFAULTS
from training.dataset.dataset import OTHER, TRAIN, TooFewClassesError, TooFewImagesError
from training.dataset.groups import with_groups, without_leaks
from training.dataset.layout import describe, lay_out
from training.dataset.manifest_rows import Columns
from training.dataset.options import add_arguments
from training.dataset.preparation import prepare_all
from training.dataset.report import Contents, show_contents, write_images, write_left_out
from training.dataset.review_summary import summary
from training.dataset.reviewed_splits import join_reviews
from training.dataset.reviews import ChosenReviews, Rules
from training.dataset.selection import DUPLICATE, select_distinct
from training.dataset.source import (
    Reason,
    Source,
    differing_by_case,
    grouped,
    with_negative_examples,
)
from training.dataset.sources import open_source
from training.dataset.split import balanced, draw_splits, with_oversampling
from training.dataset.upload import Place, apply_difference, compare
from training.models.class_list import require_room
from training.project.bucket import require_bucket
from training.project.errors import TrainingError
from training.project.naming import Names
from training.project.training_stack import TrainingStack
from training.service.reviews import reviews_for
from training.steps.context import Context

__all__ = ["HELP", "add_arguments", "run"]

HELP = "prepare labelled images, split them, and upload them to S3 as a dataset"
_MOST_UNREADABLE = 100  # in the result; unreadable.csv lists all unreadable images


class SourceIsDatasetError(TrainingError):
    """Choose another --run or --bucket: the dataset would replace its own source."""


class FileAccessError(TrainingError):
    """A file or a folder cannot be written."""


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Prepare, split and upload the images. After an interruption, only the rest is uploaded.

    Raises:
        TrainingError: The source, a class, the bucket or its prefix cannot be used.
        FileAccessError: A file or a folder cannot be written.
    """
    try:
        columns = Columns(
            options.path_column, options.label_column, options.split_column, options.group_column
        )
        source = with_negative_examples(
            open_source(options.source, columns, options.classes, context.aws.s3),
            open_source(options.other, columns, (), context.aws.s3) if options.other else None,
        )
        source = grouped(source, options.group)
        _check(context, options, source)
        context.run.begin("stage", **_asked(options))

        _describe(context, options, source)
        reviewed = _reviewed(context, options, source) if options.with_reviews else None

        with _emptied(context.run.folder / "staging") as folder:
            contents = _choose(context, options, source, reviewed, folder)
            result = _apply_difference(context, options, contents, folder)
            result["reviews"] = summary(reviewed, contents.splits) if reviewed else None
    except OSError as exc:
        raise FileAccessError(f"{FileAccessError.__doc__} {exc}") from exc

    context.run.done("stage", result)
    _show(context, options, contents, result)
    return result


def _asked(options: argparse.Namespace) -> dict[str, Any]:
    names = ["source", "classes", "other", "with_reviews", "audits_only", "stack"]
    names += ["seed", "bucket", "recordio", "ignore_motifs"]
    shares = {split: float(share) for split, share in options.split.items()}
    ratios = {
        name: None if ratio is None else float(ratio)
        for name, ratio in (("balance", options.balance), ("oversample", options.oversample))
    }
    since = options.audits_since and str(options.audits_since)
    asked = {name: getattr(options, name) for name in names}
    group = options.group and options.group.pattern
    return asked | ratios | {"split": shares, "audits_since": since, "group": group}


def _describe(context: Context, options: argparse.Namespace, source: Source) -> None:
    """Show the size of the source, and the entries and classes that may be mistakes."""
    context.console.print(
        f"{len(source.images):,} images of {len(source.classes)} classes in {options.source}"
    )
    if source.left_alone:
        context.console.print(f"Ignored: {shorten(source.left_alone)}")
    for names in differing_by_case(source.classes):
        context.console.print(
            f"Classes that differ by case alone: {', '.join(names)}. "
            "If they are one class, give their images one name."
        )


def _check(context: Context, options: argparse.Namespace, source: Source) -> None:
    """Check the source and the destination before the work begins.

    Raises:
        TooFewClassesError: The source has fewer than two classes.
        ModelCardTooLargeError: A service has no room for so many classes or such long names.
        SourceIsDatasetError: The dataset would replace its own source.
        BucketNotUsableError: The bucket does not exist, or cannot be used.
        PlaceTakenError: The prefix holds other objects.
    """
    if len(source.classes) < 2:
        raise TooFewClassesError(
            f"{TooFewClassesError.__doc__} The source has only {', '.join(source.classes)}."
        )
    require_room(source.classes)
    if options.bucket:
        require_bucket(context.aws, options.bucket)

    stack = None if options.bucket else context.stack.find()
    if options.bucket or stack:
        place = _place(context, options, stack)
        if any(image.path.startswith(f"{place.url}/") for image in source.images):
            raise SourceIsDatasetError
        place.listed()


def _place(context: Context, options: argparse.Namespace, stack: TrainingStack | None) -> Place:
    bucket = stack.bucket if stack else options.bucket
    return Place(context.aws.s3, bucket, context.names.dataset_prefix)


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """Yield an empty folder for the length of the block; delete files of an interrupted run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reviewed(context: Context, options: argparse.Namespace, source: Source) -> ChosenReviews:
    """Return the reviews of the service that join the dataset. Raises as `reviews_for`."""
    other_class = OTHER if options.other else None
    rules = Rules(source.classes, other_class, options.split, options.seed, options.audits_since)
    stack = options.stack or context.names.service
    return reviews_for(context.aws, stack, rules, context.console)


def _choose(
    context: Context,
    options: argparse.Namespace,
    source: Source,
    reviewed: ChosenReviews | None,
    folder: Path,
) -> Contents:
    """Prepare the images, and choose the split of each image.

    Raises:
        TooFewImagesError: A split would lack a class.
    """
    images = [*source.images, *(reviewed.images if reviewed else ())]
    everything, unreadable = prepare_all(images, folder, options.workers, context.console)
    prepared = [image for image in everything if image.reason == Reason.SOURCE]
    distinct, left_out = select_distinct(prepared)
    distinct, leaks = without_leaks(with_groups(distinct, not options.ignore_motifs))
    left_out += leaks
    write_left_out(unreadable, left_out, context.run.folder)
    for label in sorted(set(source.classes) - {image.label for image in distinct}):
        raise TooFewImagesError(
            f"The class {label} has no usable image. The reasons are in {context.run.folder}: "
            f"unreadable.csv ({len(unreadable)} images) and left_out.csv ({len(left_out)})."
        )

    other_class = OTHER if options.other else None
    splits = draw_splits(distinct, source.classes, options.split, options.seed, other_class)
    splits, surplus = balanced(splits, options.balance, options.seed, other_class)
    left_out += surplus
    if reviewed:
        people = [image for image in everything if image.reason != Reason.SOURCE]
        splits, unclean = join_reviews(splits, people, options.seed, options.audits_only)
        left_out += [*reviewed.left_out, *unclean]
    splits = with_oversampling(splits, options.oversample, options.seed)
    contents = Contents(splits, unreadable, left_out)
    write_left_out(unreadable, contents.left_out, context.run.folder)
    write_images(splits, context.run.folder)
    return contents


def _apply_difference(
    context: Context, options: argparse.Namespace, contents: Contents, folder: Path
) -> dict[str, Any]:
    """Upload the changes of the dataset to its bucket, and return the step's result."""
    objects = lay_out(contents.splits, folder, options.recordio)
    asked = _asked(options)
    origin = {"name": context.names.run, "recordio": options.recordio, "seed": options.seed}
    described = ("split", "balance", "oversample", "source", "other", "group")
    origin |= {name: asked[name] for name in described}
    origin |= {"other_class": OTHER if options.other else None}
    origin |= {"labelled": contents.labelled}
    origin |= {"unreadable": len(contents.unreadable), "left_out": contents.reasons}
    description = describe(contents.splits, origin)

    stack = None if options.bucket else context.stack.ensure()
    place = _place(context, options, stack)
    difference = compare(objects, place, description)
    # No other step may use the dataset before it is complete again.
    if difference.upload or difference.delete:
        context.run.forget("stage")
        context.run.begin("stage", **asked)
    apply_difference(place, difference, description, context.console)

    return {
        "bucket": place.bucket,
        "prefix": place.prefix,
        "dataset": place.url,
        **{
            name: description[name]
            for name in ("labels", "counts", "digest", "seed", "recordio", "other_class")
        },
        "role": stack.role if stack else None,
        "labelled": contents.labelled,
        "training_entries": len(contents.splits.entries(TRAIN)),
        "unreadable": [asdict(item) for item in contents.unreadable[:_MOST_UNREADABLE]],
        "duplicates": contents.reasons.get(DUPLICATE, 0),
        "left_out": contents.reasons,
        "groups": contents.splits.groups(),
        "uploaded": len(difference.upload),
        "unchanged": difference.unchanged,
        "deleted": len(difference.delete),
    }


def _show(
    context: Context, options: argparse.Namespace, contents: Contents, result: dict[str, Any]
) -> None:
    show_contents(contents, context.run.folder, context.console)
    changes = (
        f"{result['uploaded']:,} files uploaded, {result['unchanged']:,} unchanged, "
        f"{result['deleted']:,} deleted"
    )
    context.console.print(f"{result['dataset']}: {changes}; {result['digest'][:19]}")
    context.console.print(f"Next: {_next_command(options)}")


def _next_command(options: argparse.Namespace) -> str:
    """Return the command of the next step of the same run, with the options that differ."""
    defaults = {**DEFAULTS, **Names().tags, "runs": None}
    for name in ("json", "debug", "quiet"):
        del defaults[name]
    given = {name: getattr(options, name) for name in defaults}
    words = [
        word
        for name, value in given.items()
        if value != defaults[name]
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    return shlex.join(["scones", "train", *words])
