"""Classify the images of a dataset, and store the answers so that an interruption loses none."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cli.aws import Aws
from training.dataset.answer import Answer
from training.dataset.dataset import CALIBRATION, Dataset, StagedImage
from training.endpoint.invocation import InvalidAnswerError, classify_all, read_images
from untrusted.console import Console, track


@dataclass
class AnswerFile:
    """A file of JSON lines: the subject (endpoint configuration, model, dataset), then the answers.

    A file with another subject is replaced. A truncated last line is dropped.
    """

    path: Path
    subject: dict[str, Any]
    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def of_split(cls, folder: Path, split: str, subject: dict[str, Any]) -> Self:
        """Return the file of a split in a run's folder, with its answers of the same subject."""
        file = cls(folder / f"{split}_answers.jsonl", subject)
        file.load()
        return file

    def load(self) -> None:
        """Read the answers of an earlier attempt at the same subject."""
        valid = list(self.stored()) if self.path.exists() else []
        self.answers = valid
        lines = [json.dumps(self.subject), *(json.dumps(answer.as_data()) for answer in valid)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        aside.replace(self.path)

    def clear(self) -> None:
        """Delete all answers."""
        self.path.unlink(missing_ok=True)
        self.load()

    def replace(self, answers: Iterable[Answer]) -> None:
        """Replace all answers by these answers."""
        self.clear()
        for _ in self.add(answers):
            pass

    def add(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Store every answer as it arrives, and pass it on."""
        # buffering=1 writes each line at once.
        with self.path.open("a", encoding="utf-8", buffering=1) as file:
            for answer in answers:
                self.answers.append(answer)
                file.write(f"{json.dumps(answer.as_data())}\n")
                yield answer

    def missing(self, images: Iterable[StagedImage]) -> list[StagedImage]:
        """Return the images without an answer."""
        answered = {answer.image for answer in self.answers}
        return [image for image in images if image not in answered]

    def to(self, images: Iterable[StagedImage]) -> list[Answer]:
        """Return the answers to the given images, in their order."""
        by_image = {answer.image: answer for answer in self.answers}
        return [by_image[image] for image in images]

    def stored(self) -> Iterator[Answer]:
        """Yield the answers of the existing file if its subject is the same."""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            if file.readline() != f"{json.dumps(self.subject)}\n":
                return
            for line in file:
                if line.endswith("\n"):
                    yield Answer.of_data(json.loads(line))


@dataclass(frozen=True)
class Classifier:
    """Classify images of a dataset with one variant of an endpoint (None: the endpoint chooses).

    Args:
        aws: Clients for the images and the endpoint.
        endpoint: Name of the endpoint.
        dataset: Dataset of the images. An answer has a probability for each of its classes.
        console: Shows progress.
        workers: Number of parallel requests.
        variant: Production variant to call, regardless of its weight.
    """

    aws: Aws
    endpoint: str
    dataset: Dataset
    console: Console
    workers: int
    variant: str | None = None

    def classify(self, images: Iterable[StagedImage]) -> Iterator[Answer]:
        """Yield the endpoint's answer to every image in order of arrival.

        Raises:
            NoAnswerError: The endpoint refused an image or failed.
        """
        return classify_all(
            self.aws.sagemaker_runtime, self.endpoint, images, self.workers, self.variant
        )

    def complete(self, file: AnswerFile, images: Sequence[StagedImage], what: str) -> int:
        """Classify the images without an answer in a file, and store the answers there.

        Answers that arrive before an error stay in the file.

        Returns:
            The number of classified images.

        Raises:
            ImageMissingError: An image is missing in S3.
            NoAnswerError: The endpoint refused an image or failed.
        """
        missing = file.missing(images)
        if missing:
            read = read_images(self.aws.s3, self.dataset.bucket, missing, self.workers)
            answers = of_all_classes(self.classify(read), len(self.dataset.labels))
            for _ in track(self.console, what, file.add(answers), len(missing)):
                pass
        return len(missing)


def calibration_answers(
    classifier: Classifier, folder: Path, subject: dict[str, Any], again: bool = False
) -> Sequence[Answer]:
    """Return the endpoint's answers to the calibration images in the order of their keys.

    Only images without a stored answer are classified. Answers that arrive before an error are
    stored. Old datasets have no calibration images.

    Args:
        classifier: The variant to call.
        folder: The run's folder, which stores the answers.
        subject: Identity of the answers.
        again: Classify all images again.

    Raises:
        ImageMissingError: An image is missing in S3.
        NoAnswerError: The endpoint refused an image or failed.
    """
    dataset = classifier.dataset
    file = AnswerFile.of_split(folder, CALIBRATION, subject)
    if again:
        file.clear()
    images = dataset.images(classifier.aws.s3, CALIBRATION) if dataset.size(CALIBRATION) else []
    classifier.complete(file, images, "Classify the calibration images")
    return sorted(file.answers, key=lambda answer: answer.image.key)


def of_all_classes(answers: Iterator[Answer], classes: int) -> Iterator[Answer]:
    """Pass answers on while they have the expected number of class probabilities.

    Raises:
        InvalidAnswerError: An answer has another number of class probabilities.
    """
    for answer in answers:
        if len(answer.probabilities) != classes:
            raise InvalidAnswerError(
                f"The endpoint returned {len(answer.probabilities)} class probabilities for "
                f"{answer.image.key}, and the model card has {classes} classes. Deploy a model "
                "that was trained on this dataset."
            )
        yield answer
