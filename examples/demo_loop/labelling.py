"""Let simulated reviewers label all waiting images through the queue of the review page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from examples.demo_loop.reviewers import SimulatedReviewer
from review.images import ImageKey, Reason
from review.reviewer import Reviewer
from review.service.queue import ReviewQueue

CLAIMED = 10  # images at once, as on the page


def label_all(
    queue: ReviewQueue,
    reviewers: Sequence[SimulatedReviewer],
    truths: Mapping[ImageKey, str | None],
) -> Iterator[Reason]:
    """Answer until no image waits for any of the reviewers; yield the reason of each answer.

    The reviewers hold images at the same time, as people do who label together.

    Args:
        queue: The images that wait.
        reviewers: At least two, and a third one for audits in which two differ.
        truths: The true class of each image version, None for images of no class.
    """
    pages = [Reviewer(one.name, page="simulated") for one in reviewers]

    while any(held := [queue.claim(page, CLAIMED) for page in pages]):
        for reviewer, page, images in zip(reviewers, pages, held, strict=True):
            for image in images:
                now = datetime.now(UTC).isoformat()
                queue.answer(reviewer.answer(image, truths[image.key], image.reason, now), page)
                yield image.reason
