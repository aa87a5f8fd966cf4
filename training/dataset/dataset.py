"""A staged dataset: where it lies in S3, and which images belong to which split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from training.project.errors import TrainingError
from training.project.run_file import RunFile, RunFileError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# In the order of their distance from training: the model learns from the first, the second chooses when it stops, the
# third says what its confidence is worth and where the threshold lies, and the last judges all of these choices.
TRAIN, VALIDATION, CALIBRATION, TEST = SPLITS = ("train", "validation", "calibration", "test")
CHOOSING = (TRAIN, VALIDATION, CALIBRATION)  # the splits that a model and its threshold come from

OTHER = "other"  # the class of counter-examples, where the dataset has one


class OtherDatasetError(TrainingError):
    """The model was trained on another dataset than the run has now: train again, or stage as before."""


@dataclass(frozen=True)
class LabelledKey:
    """An image of the dataset in S3, and the index of its class."""

    key: str
    label: int


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
            raise RunFileError(f"{run.path}: the result of `stage` has no {exc}. {RunFileError.__doc__}") from exc

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
        """The S3 URL of a channel: a split, `<split>_lst` or `<split>_rec`."""
        return f"s3://{self.bucket}/{self.prefix}/{channel}/"

    def images(self, s3: "S3Client", split: str) -> list[LabelledKey]:
        """The images of a split, in the order of its list. Only `evaluate` and `promote` may ask for the test split."""
        listed = s3.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{split}_lst/{split}.lst")["Body"].read()
        rows = (line.split("\t") for line in listed.decode().splitlines())
        return [LabelledKey(f"{self.prefix}/{split}/{path}", int(label)) for _, label, path in rows]
