"""What the workflow decided for each uploaded image, and what that adds up to."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cli.outcomes import ACCEPTED, FAILED, OUTCOMES


@dataclass(frozen=True)
class Upload:
    """A local file that was uploaded: its S3 URL and version, and its true class (None if it shows none)."""

    path: Path
    image_url: str
    version: str
    label: str | None


@dataclass(frozen=True)
class Decision:
    """The outcome of one upload: the workflow's output and the states its execution entered, in order."""

    upload: Upload
    output: dict[str, Any]
    path: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """One of the service's outcomes."""
        return str(self.output["outcome"])

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the true class; None where there is no prediction or no true class."""
        if self.upload.label is None or "classification" not in self.output:
            return None
        return bool(self.output["classification"] == self.upload.label)


class Share(NamedTuple):
    """`hits` of `n`."""

    hits: int
    n: int

    def __str__(self) -> str:
        """A percentage with its n, such as `94.5 % (n = 200)`."""
        return f"{100 * self.hits / self.n:.1f} % (n = {self.n})" if self.n else "- (n = 0)"


@dataclass(frozen=True)
class Totals:
    """Images by outcome, and how often the predictions were right: of all with a true class, and of those accepted."""

    outcomes: dict[str, int]
    accuracy: Share
    accepted_accuracy: Share


def total(decisions: Iterable[Decision]) -> Totals:
    """Add the decisions up. An image with a true class but no prediction counts as wrong."""
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
    """Yield every upload with the execution that recorded its outcome, as soon as there is one.

    `find` looks up records and answers executions by (image URL, version); `pause` waits before the next look and may
    end the wait by raising.
    """
    pending = {(upload.image_url, upload.version): upload for upload in uploads}
    while pending:
        found = find(list(pending.values()))
        for identity, execution in found.items():
            yield pending.pop(identity), execution
        if not found:
            pause()


def decide(upload: Upload, execution: dict[str, Any], history: list[dict[str, Any]]) -> Decision:
    """Read a decision from an execution (DescribeExecution) and its history (GetExecutionHistory)."""
    path = tuple(
        event["stateEnteredEventDetails"]["name"]
        for event in history
        if "stateEnteredEventDetails" in event
    )
    if "output" in execution:
        return Decision(upload, json.loads(execution["output"]), path)
    failure = {"image_processed": False, "image_url": upload.image_url, "outcome": FAILED}
    return Decision(
        upload, failure | {"error": execution.get("error"), "cause": execution.get("cause")}, path
    )
