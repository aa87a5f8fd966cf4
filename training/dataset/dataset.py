"""A staged dataset: where it lies in S3, and which images belong to which split."""

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

# In the order of their distance from training: the model learns from the first, the second chooses when it stops, the
# third says what its confidence is worth and where the threshold lies, and the last judges all of these choices.
TRAIN, VALIDATION, CALIBRATION, TEST = SPLITS = ("train", "validation", "calibration", "test")
CHOOSING = (TRAIN, VALIDATION, CALIBRATION)  # the splits that a model and its threshold come from

# The steps that may read the test split. `evaluate` measures the deployed model. `promote` compares a finished model
# with the champion: that is one last decision about a model which nothing in the test split has shaped.
ENTITLED = ("training.steps.evaluate", "training.steps.promote")

OTHER = "other"  # the class of counter-examples, where the dataset has one


class HeldOutSplitError(TrainingError):
    """The test split measures finished models. Only `evaluate` and `promote` may read it."""


class NoTestImagesError(TrainingError):
    """The dataset has no test images: stage it with a share for them, such as `--split 0.7,0.1,0.1,0.1`."""


class OtherDatasetError(TrainingError):
    """The model was trained on another dataset than the run has now: train again, or stage as before."""


@dataclass(frozen=True)
class StagedImage:
    """An image of the dataset in S3, the index of its class, and its bytes once they are read."""

    key: str
    label: int
    data: bytes = field(default=b"", compare=False, repr=False)

    @property
    def digest(self) -> str:
        """The digest that the image is named by."""
        return PurePosixPath(self.key).stem


@dataclass(frozen=True)
class Dataset:
    """What `stage` made. Class names in class index order; images by split and class; a digest of all of it."""

    bucket: str
    prefix: str
    labels: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    digest: str
    recordio: bool
    other_class: str | None = None

    @classmethod
    def of(cls, run: RunFile) -> Self:
        """The dataset that the run staged.

        Raises:
            StepNotDoneError: it has staged none.
            RunFileError: run.json does not say where.
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
            )
        except KeyError as exc:
            raise RunFileError(
                f"{run.path}: the result of `stage` has no {exc}. {RunFileError.__doc__}"
            ) from exc

    def require(self, digest: str | None) -> None:
        """Return if a model that was trained on the dataset of this digest was trained on this one (None: who knows).

        Raises:
            OtherDatasetError: it was not; images that it has learnt may be in any split of this one.
        """
        if digest is not None and digest != self.digest:
            raise OtherDatasetError

    def size(self, split: str) -> int:
        """How many images a split has."""
        return sum(self.counts.get(split, {}).values())

    def url(self, channel: str) -> str:
        """Return the S3 URL of a channel: a split, `<split>_lst` or `<split>_rec`.

        Raises:
            HeldOutSplitError: it is a channel of the test split, which no job may read.
        """
        if channel.partition("_")[0] == TEST:
            raise HeldOutSplitError
        return f"s3://{self.bucket}/{self.prefix}/{channel}/"

    def images(self, s3: "S3Client", split: str) -> list[StagedImage]:
        """Return the images of a split, in the order of its list.

        Raises:
            HeldOutSplitError: it is the test split. `HeldOutImages` has its images.
        """
        if split == TEST:
            raise HeldOutSplitError
        return self._listed(s3, split)

    def _listed(self, s3: "S3Client", split: str) -> list[StagedImage]:
        listed = s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{split}_lst/{split}.lst")[
            "Body"
        ].read()
        return parse_list(listed.decode(), f"{self.prefix}/{split}")


def parse_list(text: str, prefix: str) -> list[StagedImage]:
    """Return the images of a .lst file, whose paths are relative to a prefix."""
    rows = (line.split("\t") for line in text.splitlines())
    return [StagedImage(f"{prefix}/{path}", int(label)) for _, label, path in rows]


class HeldOutImages:
    """The images of the test split. Only the modules of the entitled steps can construct this type."""

    def __init__(self, dataset: Dataset, s3: "S3Client") -> None:
        """Read the list of the test split.

        Raises:
            HeldOutSplitError: the caller is not the module of a step in `ENTITLED`.
            NoTestImagesError: the dataset has no test images, or S3 does not have their list any more.
        """
        caller = sys._getframemodulename(1)
        if caller not in ENTITLED:
            raise HeldOutSplitError(f"{caller} is not entitled to it. {HeldOutSplitError.__doc__}")
        if not dataset.size(TEST):
            raise NoTestImagesError
        try:
            self.images = tuple(dataset._listed(s3, TEST))
        except ClientError as exc:
            if code_of(exc) not in ("NoSuchKey", "NoSuchBucket"):
                raise
            where = f"s3://{dataset.bucket}/{dataset.prefix}/{TEST}_lst/"
            raise NoTestImagesError(
                f"The list of test images is not in {where} any more: stage the dataset again."
            ) from exc

    def without(self, digests: Collection[str]) -> tuple[StagedImage, ...]:
        """Return the images but for those of these digests."""
        return tuple(image for image in self.images if image.digest not in digests)
