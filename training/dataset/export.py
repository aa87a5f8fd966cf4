"""Read a staged dataset again, to write its labelled images for another tool.

The labels are those of people: of the source, or of reviewers. The model's answer is not read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.dataset.dataset import SPLITS, Dataset, StagedImage
from training.dataset.layout import DESCRIPTION
from training.dataset.report import read_images
from training.dataset.source import Reason
from training.dataset.stored_image import object_reader
from training.dataset.upload import Place
from training.project.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class DatasetChangedError(TrainingError):
    """Stage again with this command's run: its dataset in S3 or its images.csv is another one."""


@dataclass(frozen=True)
class ExportedImage:
    """A labelled image of an export.

    Args:
        url: S3 URL of its file.
        name: Name of its file, made of the content digest.
        label: Its class.
        split: Its split.
        reason: Why it has a label.
        labelled_at: Time of the review, or of the staging; UTC.
        read: Returns the bytes of the prepared image. Raises OSError if it is not readable.
        group: Name that all images of its group have, "" for an image without others like it.
        image_hash: Its perceptual hash, "" if unknown.
        reviewer: Name of its reviewer, "" if unknown.
        version: Version that its URL must lead to, "" for a file of the dataset, which is final.
    """

    url: str
    name: str
    label: str
    split: str
    reason: Reason
    labelled_at: datetime
    read: Callable[[], bytes]
    group: str = ""
    image_hash: str = ""
    reviewer: str = ""
    version: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """Return what a format may say about an image beside its class, without empty facts."""
        facts = {"split": self.split, "group": self.group, "reason": str(self.reason)}
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True)
class Export:
    """The images of an export, its classes in class index order, and the name of its origin."""

    name: str
    labels: tuple[str, ...]
    images: Sequence[ExportedImage]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of images by split and class."""
        found = Counter((image.split, image.label) for image in self.images)
        return {split: {label: found[split, label] for label in self.labels} for split in SPLITS}

    def reasons(self) -> dict[str, int]:
        """Return the number of images by the reason of their label."""
        found = Counter(image.reason for image in self.images)
        return {str(reason): found[reason] for reason in Reason}


def read_description(dataset: Dataset, s3: "S3Client") -> Mapping[str, Any]:
    """Return dataset.json.

    Raises:
        DatasetChangedError: S3 has another dataset than the run.
    """
    place = Place(s3, dataset.bucket, dataset.prefix)
    description = place.description()
    if description.get("digest") != dataset.digest:
        raise DatasetChangedError(
            f"{place.url}/{DESCRIPTION} does not describe the dataset of the run. "
            f"{DatasetChangedError.__doc__}"
        )
    return description


def staged_images(
    dataset: Dataset,
    listed: Iterable[StagedImage],
    folder: Path,
    staged_at: datetime,
    s3: "S3Client",
) -> list[ExportedImage]:
    """Return the images of a dataset with the reasons and groups that images.csv has.

    Args:
        dataset: The dataset.
        listed: Its images, of all splits.
        folder: Folder of the run, with images.csv.
        staged_at: Time of the staging, for the labels of the source.
        s3: Client that reads the images, once they are needed.

    Raises:
        DatasetChangedError: images.csv is missing, or of an earlier version or other images.
    """
    # A content digest is in one split and class alone.
    rows = {row["image"].rpartition("/")[2]: row for row in read_images(folder)}
    images: list[ExportedImage] = []
    try:
        for image in listed:
            split, _, name = image.path.split("/")
            row = rows[name]
            images.append(
                ExportedImage(
                    url=f"s3://{dataset.bucket}/{image.key}",
                    name=name,
                    label=dataset.labels[image.label],
                    split=split,
                    reason=Reason(row["reason"]),
                    labelled_at=staged_at,
                    read=object_reader(s3, dataset.bucket, image.key),
                    group=row["group"],
                    image_hash=row["hash"],
                )
            )
    except (KeyError, ValueError, IndexError) as exc:
        raise DatasetChangedError(
            f"{folder / 'images.csv'} has no {exc}. {DatasetChangedError.__doc__}"
        ) from exc
    return images


def moment(text: str) -> datetime:
    """Return a recorded time in UTC.

    Raises:
        ValueError: The text is not a time in ISO 8601.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
