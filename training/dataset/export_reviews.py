"""Join the answers of reviewers with the images of an export, as `stage --with-reviews` does."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from training.dataset.dataset import SPLITS
from training.dataset.export import Export, ExportedImage, moment
from training.dataset.preparation import PreparedImage, ending
from training.dataset.reviewed_splits import join_reviews
from training.dataset.reviews import ChosenReviews, Review
from training.dataset.selection import LeftOut
from training.dataset.source import Reason
from training.dataset.split import Splits
from training.dataset.stored_image import is_newest
from untrusted.console import Console, track

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Why a reviewed image is left out, beside the reasons of `reviews`. An image that a format names by
# its URL must be the newest version.
OLDER_VERSION, UNDATED = "older version", "review without a time"

_DIGITS = 16  # of the content digest, in the names of a dataset's images
_REQUESTS = 16  # in parallel


def join(
    export: Export,
    chosen: ChosenReviews,
    prepared: Sequence[PreparedImage],
    folder: Path,
    seed: int,
    audits_only: bool,
) -> tuple[Export, list[LeftOut]]:
    """Return the export with the present answers, and the images that are left out.

    The answers replace those with which the dataset was staged.

    Args:
        export: The images of the dataset.
        chosen: The answers.
        prepared: The prepared images of the answers, in the order of the answers.
        folder: Folder of their files.
        seed: Seed of the dataset.
        audits_only: Whether calibration and test have audits alone.

    Raises:
        TooFewImagesError: A class has no image in one of the splits.
    """
    dated = [image for image in prepared if _is_dated(chosen.answers[image.path])]
    undated = [
        LeftOut(image.path, UNDATED, "its record has no time of the answer in ISO 8601")
        for image in prepared
        if not _is_dated(chosen.answers[image.path])
    ]
    staged = {image.name: image for image in export.images}
    of_source = [_as_prepared(one) for one in staged.values() if one.reason == Reason.SOURCE]
    splits = Splits(
        export.labels, {split: [one for one in of_source if one.split == split] for split in SPLITS}
    )
    reviewed = [replace(image, digest=image.digest[:_DIGITS]) for image in dated]
    files = {image.digest[:_DIGITS]: folder / f"{image.digest}.{image.suffix}" for image in dated}
    joined, left_out = join_reviews(splits, reviewed, seed, audits_only)

    images = []
    for image in (one for split in SPLITS for one in joined.images[split]):
        known = staged.get(f"{image.digest}.{image.suffix}")
        if known and image.reason == Reason.SOURCE:
            images.append(known)
        else:
            review = chosen.answers[image.path]
            images.append(_answered(image, review, files[image.digest], known))
    return replace(export, images=images), [*left_out, *undated]


def at_their_urls(export: Export, s3: "S3Client", console: Console) -> tuple[Export, list[LeftOut]]:
    """Leave out images whose URL leads to another version than the reviewed one.

    Raises:
        ClientError: S3 refuses to describe an image.
    """

    versions = [image for image in export.images if image.version]
    if not versions:
        return export, []
    with ending(ThreadPoolExecutor(_REQUESTS)) as threads:
        found = threads.map(lambda image: is_newest(s3, image.url, image.version), versions)
        answers = list(track(console, "Checking versions", found, len(versions)))
    older = [image for image, newest in zip(versions, answers, strict=True) if not newest]
    names = {image.name for image in older}
    left_out = [
        LeftOut(image.url, OLDER_VERSION, f"{image.version} is not the newest version")
        for image in older
    ]
    images = [image for image in export.images if image.name not in names]
    return replace(export, images=images), left_out


def _is_dated(review: Review) -> bool:
    try:
        moment(review.reviewed_at)
    except ValueError:
        return False
    return True


def _as_prepared(image: ExportedImage) -> PreparedImage:
    digest, _, suffix = image.name.rpartition(".")
    return PreparedImage(
        path=image.url,
        label=image.label,
        split=image.split,
        digest=digest,
        suffix=suffix,
        size=0,
        image_hash=image.image_hash,
        group=image.group,
    )


def _answered(
    image: PreparedImage, review: Review, file: Path, known: ExportedImage | None
) -> ExportedImage:
    """Return a reviewed image. A file of the dataset with the same content has a final URL."""
    return ExportedImage(
        url=known.url if known else review.image_url,
        name=f"{image.digest}.{image.suffix}",
        label=image.label,
        split=image.split,
        reason=image.reason,
        labelled_at=moment(review.reviewed_at),
        read=partial(file.read_bytes),
        image_hash=image.image_hash,
        reviewer=review.reviewer,
        version="" if known else review.version,
    )
