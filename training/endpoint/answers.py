"""Ask an endpoint about the images of a dataset, and keep its answers so that an interruption costs none of them."""

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
    """JSON lines: first what was measured (endpoint configuration, model, dataset), then an answer a line.

    A file of another subject is begun again; a last line that was cut off is measured again.
    """

    path: Path
    subject: dict[str, Any]
    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def of_split(cls, folder: Path, split: str, subject: dict[str, Any]) -> Self:
        """Return the file of a split in a run's folder, with the answers there of the same subject."""
        file = cls(folder / f"{split}_answers.jsonl", subject)
        file.load()
        return file

    def load(self) -> None:
        """Read the answers that an earlier attempt at the same subject left."""
        kept = list(self._kept()) if self.path.exists() else []
        self.answers = kept
        lines = [json.dumps(self.subject), *(json.dumps(answer.as_data()) for answer in kept)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        aside.replace(self.path)

    def clear(self) -> None:
        """Forget all answers."""
        self.path.unlink(missing_ok=True)
        self.load()

    def replace(self, answers: Iterable[Answer]) -> None:
        """Keep these answers, and nothing else."""
        self.clear()
        for _ in self.add(answers):
            pass

    def add(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Keep every answer as it comes, and pass it on."""
        with self.path.open("a", encoding="utf-8", buffering=1) as file:  # a line at once
            for answer in answers:
                self.answers.append(answer)
                file.write(f"{json.dumps(answer.as_data())}\n")
                yield answer

    def missing(self, images: Iterable[StagedImage]) -> list[StagedImage]:
        """Return the images without an answer."""
        answered = {answer.image for answer in self.answers}
        return [image for image in images if image not in answered]

    def to(self, images: Iterable[StagedImage]) -> list[Answer]:
        """Return the answers to these images, in their order."""
        by_image = {answer.image: answer for answer in self.answers}
        return [by_image[image] for image in images]

    def _kept(self) -> Iterator[Answer]:
        with self.path.open(encoding="utf-8", errors="replace") as file:
            if file.readline() != f"{json.dumps(self.subject)}\n":
                return
            for line in file:
                if line.endswith("\n"):
                    yield Answer.of_data(json.loads(line))


@dataclass(frozen=True)
class Classifier:
    """One variant of an endpoint (None: the endpoint chooses), asked about images of a dataset.

    Args:
        aws: Where images are read and the endpoint is.
        endpoint: Its name.
        dataset: The dataset of the images; an answer has a probability for each of its classes.
        console: Where progress is shown.
        workers: How many requests are under way at once.
        variant: The production variant to ask, whatever its weight.
    """

    aws: Aws
    endpoint: str
    dataset: Dataset
    console: Console
    workers: int
    variant: str | None = None

    def classify(self, images: Iterable[StagedImage]) -> Iterator[Answer]:
        """Yield the endpoint's answer to every image, as they arrive. Raises NoAnswerError."""
        return classify_all(
            self.aws.sagemaker_runtime, self.endpoint, images, self.workers, self.variant
        )

    def complete(self, file: AnswerFile, images: Sequence[StagedImage], what: str) -> int:
        """Ask about the images whose answer a file does not have, and keep the answers there.

        Returns: how many images were asked about.

        Raises:
            ImageMissingError, NoAnswerError: an image could not be read or classified; the answers so far are kept.
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
    """Return the endpoint's answers to the calibration images, in the order of their keys; ask only for missing ones.

    A dataset from before there were calibration images has none.

    Args:
        classifier: The variant to ask.
        folder: The run's folder, which keeps the answers.
        subject: What the answers are answers of.
        again: Ask about all images.

    Raises:
        ImageMissingError, NoAnswerError: an image could not be read or classified; the answers so far are kept.
    """
    dataset = classifier.dataset
    file = AnswerFile.of_split(folder, CALIBRATION, subject)
    if again:
        file.clear()
    images = dataset.images(classifier.aws.s3, CALIBRATION) if dataset.size(CALIBRATION) else []
    classifier.complete(file, images, "Classify the calibration images")
    return sorted(file.answers, key=lambda answer: answer.image.key)


def of_all_classes(answers: Iterator[Answer], classes: int) -> Iterator[Answer]:
    """Pass the answers on. Raises InvalidAnswerError at one that has another number of class probabilities."""
    for answer in answers:
        if len(answer.probabilities) != classes:
            raise InvalidAnswerError(
                f"{answer.image.key} was answered with {len(answer.probabilities)} class probabilities; the model card "
                f"and the dataset have {classes} classes. Deploy a model that was trained on this dataset."
            )
        yield answer
