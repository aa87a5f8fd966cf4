"""Collect all parts of the overview, and keep each as long as it is fresh."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from review.images import Reason
from review.overview.answer_log import AnswerLog
from review.overview.parts import Missing, part
from review.overview.reviewed import ReviewedImage, reviewed_images
from review.overview.service_figures import Period, Waiting, outcomes_over_time, waiting_images
from training.models.model_card import read_model_card
from training.project.naming import model_card_parameter

if TYPE_CHECKING:
    from cli.aws import Aws
    from cli.service import Service

# Seconds. A request for answers costs next to nothing where nothing is new.
FRESH_ANSWERS, FRESH_QUEUE, FRESH_SERVICE = 2.0, 5.0, 60.0


@dataclass(frozen=True)
class Snapshot:
    """All parts at one time. A part that cannot be read says why.

    Args:
        place: The image bucket.
    """

    made_at: datetime
    place: str
    images: list[ReviewedImage] | Missing
    waiting: list[Waiting] | Missing
    outcomes: list[Period] | Missing
    card: Mapping[str, Any] | Missing | None

    def looks_like(self, other: "Snapshot") -> bool:
        """Return whether both look the same: ages are shown in minutes."""
        one, two = (
            replace(snapshot, made_at=snapshot.made_at.replace(second=0, microsecond=0), images=[])
            for snapshot in (self, other)
        )
        return self.images is other.images and one == two


class Kept[T]:
    """A value that is read again once it is older than `seconds`."""

    def __init__(
        self, read: Callable[[], T], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._known: tuple[float, T] | None = None

    def __call__(self) -> T:
        """Return the value."""
        now = self._clock()
        if self._known is None or now - self._known[0] > self._seconds:
            self._known = now, self._read()
        return self._known[1]


class ReviewedImages:
    """The reviewed images of a log; the same list as long as there is no new answer."""

    def __init__(self, log: AnswerLog) -> None:
        self._log = log
        self._known: tuple[int, list[ReviewedImage]] = (0, [])

    def __call__(self) -> list[ReviewedImage]:
        """Return the images."""
        answers = self._log.answers()
        if self._log.changes != self._known[0]:
            self._known = self._log.changes, reviewed_images(answers)
        return self._known[1]


class Collector:
    """Collects snapshots of a service.

    Args:
        counts: Counts the waiting images by reason.
    """

    def __init__(
        self,
        aws: "Aws",
        service: "Service",
        stack: str,
        counts: Callable[[], Mapping[Reason, int]],
    ) -> None:
        self._service = service
        self._lock = Lock()
        reviewed = ReviewedImages(AnswerLog(aws.dynamodb, service.require_reviews()))
        endpoint = service.endpoint or stack
        parameter = model_card_parameter(endpoint)

        self._images = Kept(
            lambda: part(
                reviewed,
                "dynamodb:Query on the index AnswersByTime of the reviews table",
            ),
            FRESH_ANSWERS,
        )
        self._waiting = Kept(
            lambda: part(
                lambda: waiting_images(aws.dynamodb, service.results_table, counts()),
                "dynamodb:Query on the index WaitingImages of the results table",
            ),
            FRESH_QUEUE,
        )
        self._outcomes = Kept(
            lambda: part(
                lambda: outcomes_over_time(aws.cloudwatch, stack, datetime.now(UTC)),
                "cloudwatch:GetMetricData, which IAM cannot limit to one service. "
                "Those who operate the service see this part",
            ),
            FRESH_SERVICE,
        )
        self._card = Kept(
            lambda: part(
                lambda: read_model_card(aws.ssm, parameter), f"ssm:GetParameter on {parameter}"
            ),
            FRESH_SERVICE,
        )

    def snapshot(self) -> Snapshot:
        """Read the parts that are not fresh any more."""
        with self._lock:
            return Snapshot(
                made_at=datetime.now(UTC),
                place=self._service.image_bucket,
                images=self._images(),
                waiting=self._waiting(),
                outcomes=self._outcomes(),
                card=self._card(),
            )
