"""Write the labelled images of a run for another tool."""

import argparse
import os
import shlex
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from cli.console import number_of
from cli.names import shorten
from training.dataset import class_folders, ground_truth, label_studio
from training.dataset.dataset import CHOOSING, SPLITS, Dataset, HeldOutImages
from training.dataset.export import Export, moment, read_description, staged_images
from training.dataset.export_reviews import at_their_urls, join
from training.dataset.options import add_review_arguments
from training.dataset.preparation import prepare_all
from training.dataset.reviews import Rules
from training.dataset.whole_folder import whole_folder
from training.service.reviews import reviews_for
from training.steps.context import Context
from untrusted.console import Console

HELP = "write the labelled images of a run as folders, or for Ground Truth or Label Studio"
_WITH_REVIEWS = """add the present answers of `scones review`, as `stage` would: audits in
calibration and test, all others in train"""
_FEW = 100  # images for which the start of processes takes longer than their work


@dataclass(frozen=True)
class _Format:
    """A format: its writer, the file that `stage` reads, and whether it holds the images."""

    write: Callable[[Export, Path, Console], None]
    manifest: str
    has_images: bool = False


FORMATS = {
    "folders": _Format(class_folders.write, class_folders.MANIFEST, has_images=True),
    "ground-truth": _Format(ground_truth.write, ground_truth.MANIFEST),
    "label-studio": _Format(label_studio.write, label_studio.MANIFEST),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="folder of the export; it must be new or empty"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="folders",
        help="folders of prepared images, manifests of SageMaker Ground Truth, or tasks of Label "
        "Studio; the last two name the images in S3 (default: %(default)s)",
    )
    add_review_arguments(parser, _WITH_REVIEWS)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Write the export: whole, or not at all. It changes nothing on AWS.

    Raises:
        StepNotDoneError: The run has no dataset.
        DatasetChangedError: S3 has another dataset than the run.
        FolderTakenError: The folder has other files.
        FolderNotWritableError: The folder cannot be written.
        ImageMissingError: An image is not readable.
    """
    dataset = Dataset.of(context.run)
    chosen = FORMATS[options.format]
    context.run.begin("export", folder=str(options.folder), format=options.format)
    with whole_folder(options.folder) as folder, tempfile.TemporaryDirectory() as answers:
        export, left_out = _labelled(context, options, dataset, Path(answers))
        if not chosen.has_images:
            export, older = at_their_urls(export, context.aws.s3, context.console)
            left_out.update(item.reason for item in older)
        chosen.write(export, folder, context.console)

    place = options.folder.resolve()
    result = {
        "format": options.format,
        "folder": str(place),
        "manifest": str(place / chosen.manifest),
        "labels": list(export.labels),
        "counts": export.counts(),
        "reasons": export.reasons(),
        "left_out": dict(sorted(left_out.items())),
    }
    context.run.done("export", result)
    _show(options, export, result, context.console)
    return result


def _labelled(
    context: Context, options: argparse.Namespace, dataset: Dataset, folder: Path
) -> tuple[Export, Counter[str]]:
    """Return the images of the dataset, with the present answers if they are asked for.

    Args:
        folder: Folder for the prepared images of the answers.

    Raises:
        DatasetChangedError: S3 has another dataset than the run.
        TooFewImagesError: A class would have no image in one of the splits.
    """
    s3 = context.aws.s3
    description = read_description(dataset, s3)
    listed = [image for split in CHOOSING for image in dataset.images(s3, split)]
    listed += HeldOutImages(dataset, s3).images
    staged_at = moment(description["created_at"])
    images = staged_images(dataset, listed, context.run.folder, staged_at, s3)
    export = Export(f"{context.names.service}-{context.names.run}", dataset.labels, images)
    if not options.with_reviews:
        return export, Counter()

    shares = {split: Fraction(str(share)) for split, share in description["split"].items()}
    seed = description["seed"]
    rules = Rules(dataset.labels, dataset.other_class, shares, seed, options.audits_since)
    stack = options.stack or context.names.service
    answers = reviews_for(context.aws, stack, rules, context.console)
    workers = os.process_cpu_count() if len(answers.images) > _FEW else None
    prepared, unreadable = prepare_all(answers.images, folder, workers or 1, context.console)
    export, unclean = join(export, answers, prepared, folder, seed, options.audits_only)
    left_out = Counter(item.reason for item in (*answers.left_out, *unclean))
    left_out.update(item.error for item in unreadable)
    return export, left_out


def _show(
    options: argparse.Namespace, export: Export, result: Mapping[str, Any], console: Console
) -> None:
    counts = {split: sum(result["counts"][split].values()) for split in SPLITS}
    named = ", ".join(f"{split} {count:,}" for split, count in counts.items())
    console.print(f"{number_of(len(export.images), 'image')} ({named}) in {options.folder}")
    if result["left_out"]:
        named = ", ".join(f"{reason}: {count:,}" for reason, count in result["left_out"].items())
        console.print(f"{sum(result['left_out'].values()):,} left out ({named})")
    if options.format == "folders":
        renamed = [
            f"{name} ({label})"
            for label, name in class_folders.folder_names(export.labels).items()
            if name != label
        ]
        if renamed:
            console.print(
                f"Folders that cannot have the names of their classes: {shorten(renamed)}. "
                f"{class_folders.MANIFEST} has the names."
            )
    again = shlex.join(["scones", "stage", result["manifest"], "--run"])
    console.print(f"`{again} NAME` reads it as another run.")
