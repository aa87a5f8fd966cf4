"""Describe a staged dataset: its place in S3, its classes, and the images of each split."""

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.project.errors import TrainingError
from training.project.run_file import RunFile, RunFileError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# In the order of their distance from training. The model learns from the first split. The second
# decides when training stops. The third calibrates and sets the threshold. The last one measures
# the result of all these choices.
TRAIN, VALIDATION, CALIBRATION, TEST = SPLITS = ("train", "validation", "calibration", "test")
CHOOSING = (TRAIN, VALIDATION, CALIBRATION)  # the splits that shape a model and its threshold

# The steps that may read the test split. `evaluate` measures the deployed model. `promote` compares
# a finished model with the champion, and nothing in the test split has shaped either of them.
# `export` copies labelled images for other tools and looks at no model.
ENTITLED = ("training.steps.evaluate", "training.steps.promote", "training.steps.export")

OTHER = "other"  # the class of negative examples, in a dataset that has them


class TooFewClassesError(TrainingError):
    """Stage images of at least two classes: a classifier needs two."""


class TooFewImagesError(TrainingError):
    """Stage more images."""


class HeldOutSplitError(TrainingError):
    """Only `evaluate`, `promote` and `export` may read the test split: it measures models."""


class NoTestImagesError(TrainingError):
    """Stage the dataset with a share of test images, such as `--split 0.7,0.1,0.1,0.1`."""


class OtherDatasetError(TrainingError):
    """Train again, or stage the earlier images: the model was trained on another dataset."""


@dataclass(frozen=True)
class StagedImage:
    """An image of the dataset in S3, the index of its class, and its bytes once they are read."""

    key: str
    label: int
    data: bytes = field(default=b"", compare=False, repr=False)

    @property
    def digest(self) -> str:
        """Return the content digest that names the image."""
        return PurePosixPath(self.key).stem

    @property
    def path(self) -> str:
        """Return the split, the class and the file name, as in images.csv."""
        return "/".join(PurePosixPath(self.key).parts[-3:])


@dataclass(frozen=True)
class Dataset:
    """The result of `stage`.

    Class names are in class index order. `counts` holds the images by split and class. The digest
    covers classes, images, splits and lists. `training_entries` is the number of lines of the list
    of training images, which may have an image several times.
    """

    bucket: str
    prefix: str
    labels: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    digest: str
    recordio: bool
    other_class: str | None = None
    training_entries: int | None = None  # None for datasets of earlier releases

    @classmethod
    def of(cls, run: RunFile) -> Self:
        """Return the dataset that the run staged.

        Raises:
            StepNotDoneError: The run has not staged a dataset.
            RunFileError: run.json lacks a field of the dataset.
        """
        staged: Mapping[str, Any] = run.result("stage")
        try:
            return cls(
                staged["bucket"],
                staged["prefix"],
                tuple(staged["labels"]),
                staged["counts"],
                staged["digest"],
                staged["recordio"],
                staged.get("other_class"),
                staged.get("training_entries"),
            )
        except KeyError as exc:
            raise RunFileError(
                f"{run.path}: the result of `stage` has no {exc}. {RunFileError.__doc__}"
            ) from exc

    def require(self, digest: str | None) -> None:
        """Refuse a model that was trained on another dataset.

        Images of the model's training set may be in any split of this dataset. Without a digest the
        model's dataset is unknown, and the model passes.

        Raises:
            OtherDatasetError: The digest is not the digest of this dataset.
        """
        if digest is not None and digest != self.digest:
            raise OtherDatasetError

    def size(self, split: str) -> int:
        """Return the number of images of a split."""
        return sum(self.counts.get(split, {}).values())

    def listed(self, split: str) -> int:
        """Return the number of entries in the list of a split."""
        if split == TRAIN and self.training_entries is not None:
            return self.training_entries
        return self.size(split)

    def url(self, channel: str) -> str:
        """Return the S3 URL of a channel: a split, `<split>_lst` or `<split>_rec`.

        Raises:
            HeldOutSplitError: The channel is part of the test split, which no job may read.
        """
        if channel.partition("_")[0] == TEST:
            raise HeldOutSplitError
        return f"s3://{self.bucket}/{self.prefix}/{channel}/"

    def images(self, s3: "S3Client", split: str) -> list[StagedImage]:
        """Return the images of a split, in the order of its list.

        Raises:
            HeldOutSplitError: The split is the test split. Use `HeldOutImages` for it.
        """
        if split == TEST:
            raise HeldOutSplitError
        return self._listed(s3, split)

    def _listed(self, s3: "S3Client", split: str) -> list[StagedImage]:
        key = f"{self.prefix}/{split}_lst/{split}.lst"
        listed = s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return parse_list(listed.decode(), f"{self.prefix}/{split}")


def parse_list(text: str, prefix: str) -> list[StagedImage]:
    """Return the images of a .lst file, whose paths are relative to a prefix."""
    rows = (line.split("\t") for line in text.splitlines())
    return [StagedImage(f"{prefix}/{path}", int(label)) for _, label, path in rows]


class HeldOutImages:
    """Images of the test split. Only the modules of entitled steps can construct this type."""

    def __init__(self, dataset: Dataset, s3: "S3Client") -> None:
        """Read the list of the test split.

        Raises:
            HeldOutSplitError: The caller is not the module of a step in `ENTITLED`.
            NoTestImagesError: The dataset has no test images, or their list is missing in S3.
        """
        caller = sys._getframemodulename(1)
        if caller not in ENTITLED:
            raise HeldOutSplitError(
                f"{caller} asked for the test split. {HeldOutSplitError.__doc__}"
            )
        if not dataset.size(TEST):
            raise NoTestImagesError

        try:
            self.images = tuple(dataset._listed(s3, TEST))
        except ClientError as exc:
            if code_of(exc) not in ("NoSuchKey", "NoSuchBucket"):
                raise
            where = f"s3://{dataset.bucket}/{dataset.prefix}/{TEST}_lst/"
            raise NoTestImagesError(
                f"The list of test images is missing in {where}. Stage the dataset again."
            ) from exc

    def without(self, digests: Collection[str]) -> tuple[StagedImage, ...]:
        """Return the images except those with the given digests."""
        return tuple(image for image in self.images if image.digest not in digests)
