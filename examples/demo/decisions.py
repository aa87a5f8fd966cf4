"""Read the decision of each uploaded image, and count the decisions."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cli.outcomes import ACCEPTED, FAILED, OUTCOMES
from documents.workflow import DEFINITION
from operations.service.history import Execution, read_history

WRONG = "WRONG"  # the group of accepted images that are not of the predicted class


@dataclass(frozen=True)
class Upload:
    """An uploaded file: local path, S3 URL, version, and true class (None if it shows no class)."""

    path: Path
    image_url: str
    version: str
    label: str | None


@dataclass(frozen=True)
class Decision:
    """The decision of one upload: the workflow's output, its states in order, and the execution."""

    upload: Upload
    output: dict[str, Any]
    path: tuple[str, ...]
    execution: Execution | None = None

    @property
    def outcome(self) -> str:
        """Return one of the service's outcomes."""
        return str(self.output["outcome"])

    @property
    def correct(self) -> bool | None:
        """Return whether the prediction is right; None without a prediction or a true class."""
        if self.upload.label is None or "classification" not in self.output:
            return None
        return bool(self.output["classification"] == self.upload.label)

    @property
    def group(self) -> str:
        """Return the outcome, or `WRONG` for an accepted image with a wrong class."""
        return WRONG if self.outcome == ACCEPTED and not self.correct else self.outcome


class Share(NamedTuple):
    """A share: `hits` of `n`."""

    hits: int
    n: int

    def __str__(self) -> str:
        """Return a percentage with its n, such as `94.5 % (n = 200)`."""
        return f"{100 * self.hits / self.n:.1f} % (n = {self.n})" if self.n else "- (n = 0)"


@dataclass(frozen=True)
class Totals:
    """Images by outcome; accuracy of all images with a true class, and of the accepted ones."""

    outcomes: dict[str, int]
    accuracy: Share
    accepted_accuracy: Share


def total(decisions: Iterable[Decision]) -> Totals:
    """Count the decisions. An image with a true class but no prediction counts as wrong."""
    decisions = list(decisions)
    counts = Counter(decision.outcome for decision in decisions)
    labelled = [decision for decision in decisions if decision.upload.label is not None]
    accepted = [decision for decision in labelled if decision.outcome == ACCEPTED]

    return Totals(
        outcomes={outcome: counts[outcome] for outcome in OUTCOMES},
        accuracy=Share(sum(decision.correct is True for decision in labelled), len(labelled)),
        accepted_accuracy=Share(
            sum(decision.correct is True for decision in accepted), len(accepted)
        ),
    )


def await_records(
    uploads: list[Upload],
    find: Callable[[list[Upload]], dict[tuple[str, str], str]],
    pause: Callable[[], None],
) -> Iterator[tuple[Upload, str]]:
    """Yield every upload with the execution that recorded its outcome, as soon as it is recorded.

    Args:
        uploads: The uploads to wait for.
        find: Return the executions that recorded outcomes, by (image URL, version).
        pause: Wait before the next search. An exception that it raises ends the wait.
    """
    pending = {(upload.image_url, upload.version): upload for upload in uploads}
    while pending:
        found = find(list(pending.values()))
        for identity, execution in found.items():
            yield pending.pop(identity), execution
        if not found:
            pause()


def decide(
    upload: Upload, description: Mapping[str, Any], history: Sequence[Mapping[str, Any]]
) -> Decision:
    """Read a decision from an execution.

    Args:
        upload: The image.
        description: The response of DescribeExecution, after the execution's end.
        history: The events of GetExecutionHistory.
    """
    execution = Execution(
        description["executionArn"],
        description["status"],
        description["startDate"],
        description.get("stopDate"),
        json.loads(DEFINITION.read_text(encoding="utf-8")),
        read_history(history),
    )
    path = tuple(step.name for step in execution.history.steps)

    if "output" in description:
        return Decision(upload, json.loads(description["output"]), path, execution)

    failure = {
        "image_processed": False,
        "image_url": upload.image_url,
        "outcome": FAILED,
        "error": description.get("error"),
        "cause": description.get("cause"),
    }
    return Decision(upload, failure, path, execution)
