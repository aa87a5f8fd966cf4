"""The endpoint's answers to the images of a split, kept while they come, so that an interruption costs none of them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from training.dataset.answer import Answer
from training.dataset.dataset import Dataset, LabelledKey
from training.endpoint.invocation import InvalidAnswerError, classify_all, read_images
from training.project.step import Context
from untrusted.console import track


@dataclass
class AnswerFile:
    """JSON lines: first what was measured (endpoint configuration, model, dataset), then an answer a line.

    A file that was made of something else is begun anew; a last line that was cut off is measured again.
    """

    path: Path
    subject: dict[str, Any]
    answers: list[Answer] = field(default_factory=list)

    @classmethod
    def of_split(cls, context: Context, split: str, subject: dict[str, Any]) -> Self:
        """That of a split in the run's folder, with what is there of the same subject."""
        file = cls(context.run.folder / f"{split}_answers.jsonl", subject)
        file.load()
        return file

    def load(self) -> None:
        """Read what an earlier try of the same subject left."""
        kept = list(self._kept()) if self.path.exists() else []
        self.answers = kept
        lines = [json.dumps(self.subject), *(json.dumps(asdict(answer)) for answer in kept)]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        aside.replace(self.path)

    def clear(self) -> None:
        """Forget what is there."""
        self.path.unlink(missing_ok=True)
        self.load()

    def replace(self, answers: Iterable[Answer]) -> None:
        """Keep these, and nothing else."""
        self.clear()
        for _ in self.add(answers):
            pass

    def add(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Keep every answer as it comes, and pass it on."""
        with self.path.open("a", encoding="utf-8", buffering=1) as file:  # a line at once
            for answer in answers:
                self.answers.append(answer)
                file.write(f"{json.dumps(asdict(answer))}\n")
                yield answer

    def _kept(self) -> Iterator[Answer]:
        with self.path.open(encoding="utf-8", errors="replace") as file:
            if file.readline() != f"{json.dumps(self.subject)}\n":
                return
            for line in file:
                if line.endswith("\n"):
                    kept = json.loads(line)
                    image = LabelledKey(**kept["image"])
                    yield Answer(image, tuple(kept["probabilities"]), kept["milliseconds"], kept["variant"])


def ask(
    context: Context,
    dataset: Dataset,
    answers: AnswerFile,
    images: Sequence[LabelledKey],
    workers: int,
    variant: str | None = None,
) -> None:
    """Have the endpoint classify images of the dataset, so many at once, and keep its answers.

    Raises:
        ImageMissingError, NoAnswerError: an image could not be read or classified; the answers so far are kept.
    """
    read = read_images(context.aws.s3, dataset.bucket, images, workers)
    classified = classify_all(context.aws.sagemaker_runtime, context.names.endpoint, read, workers, variant)
    checked = of_all_classes(classified, len(dataset.labels))
    split = answers.path.name.partition("_")[0]
    for _ in track(context.console, f"Classify the {split} images", answers.add(checked), len(images)):
        pass


def of_all_classes(answers: Iterator[Answer], classes: int) -> Iterator[Answer]:
    """Pass the answers on. Raises InvalidAnswerError at one that has another number of class probabilities."""
    for answer in answers:
        if len(answer.probabilities) != classes:
            raise InvalidAnswerError(
                f"{answer.image.key} was answered with {len(answer.probabilities)} class probabilities; the model card "
                f"and the dataset have {classes} classes. Deploy a model that was trained on this dataset."
            )
        yield answer
