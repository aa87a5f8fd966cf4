"""The queue of images that wait for a reviewer, in the service's two tables.

The results table has an index of the records that wait (`waits_for`). A reviewer's page holds a
lease on each image that it shows. The lease is written with a condition, so that two reviewers
never see the same image. An answer and the change of its record are one transaction.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from review.answers import answer_item, undo_item, undo_key
from review.errors import (
    AnsweredElsewhereError,
    NotAnnouncedError,
    NothingToUndoError,
    RecordBusyError,
)
from review.events import image_reviewed, review_undone
from review.images import (
    Answer,
    ImageKey,
    Reason,
    UnknownClassError,
    Verdict,
    WaitingImage,
    next_reason,
)
from review.order.walls import choose_wall
from review.reviewer import Reviewer
from review.service.classes import NoUnlistedClasses, UnlistedClasses
from review.service.counts import WaitingCounts
from review.service.leases import FREE, Leases, condition_values
from review.service.records import Records

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

INDEX = "WaitingImages"
PAGE = 100  # records read at once
WINDOW = 300  # records of images for review, which are ordered
ATTEMPTS = 5  # of a transaction that meets another reviewer's
# Audits first: the next threshold depends on them, and there are few.
ORDER = (Reason.SECOND_OPINION, Reason.AUDIT, Reason.REVIEW)


class Order(Protocol):
    """The order of images for review."""

    def ranked(self, window: Sequence[WaitingImage]) -> list[WaitingImage]:
        """Return the images of a window, of which the first is the longest waiting one."""

    def show(self, image: WaitingImage) -> None:
        """Note that a page shows an image."""


class LongestWaitingFirst:
    """The order of the queue itself."""

    def ranked(self, window: Sequence[WaitingImage]) -> list[WaitingImage]:
        """Return the images as they are."""
        return list(window)

    def show(self, image: WaitingImage) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class ReviewQueue:
    """The images that wait, and their answers.

    Args:
        events: Announces complete reviews.
        results: Name of the results table.
        reviews: Name of the reviews table.
        order: The order of the images for review; audits come before them.
        unlisted: The classes that reviewers may give an image beside those of its record.
    """

    dynamodb: "DynamoDBClient"
    events: "EventBridgeClient"
    results: str
    reviews: str
    order: Order = field(default_factory=LongestWaitingFirst, compare=False)
    unlisted: UnlistedClasses = field(default_factory=NoUnlistedClasses, compare=False)

    @cached_property
    def _leases(self) -> Leases:
        return Leases(self.dynamodb, self.results)

    @cached_property
    def _records(self) -> Records:
        return Records(self.dynamodb, self.results, self.reviews)

    @cached_property
    def _counts(self) -> WaitingCounts:
        return WaitingCounts(self._count_all)

    def claim(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images that no other reviewer holds and this one has not answered.

        Args:
            held: Images that the page already has. After a reload the page has no images, and gets
                its leased images again.
        """
        claimed: list[WaitingImage] = []

        for image in self._candidates(reviewer):
            if len(claimed) == count:
                break
            if image.key not in held and self._leases.take(image, reviewer):
                claimed.append(self._with_all_classes(image))
                self.order.show(image)

        return claimed

    def claim_wall(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images for review that the model puts into one class.

        Args:
            held: Images that the page already has.
        """
        candidates = self._candidates(reviewer, (Reason.REVIEW,))
        free = (image for image in candidates if image.key not in held)
        claimed = self._leases.take_all(choose_wall(free, count), reviewer) if count else []
        for image in claimed:
            self.order.show(image)
        return [self._with_all_classes(image) for image in claimed]

    def renew(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> list[ImageKey]:
        """Extend leases; return the images that the page still holds."""
        return self._leases.renew(keys, reviewer)

    def release(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> None:
        """Give images back, so that the next reviewer gets them at once."""
        for key in keys:
            self._leases.give_back(key, reviewer)

    def answer(self, answer: Answer, reviewer: Reviewer) -> Reason | None:
        """Store an answer; return why the image still waits, or None if its review is complete.

        The same answer may be sent again: it is stored once. A complete review is announced after
        it is stored, and again with each repetition, so that no event is lost.

        Raises:
            NotAnnouncedError: The answer is stored, its event is not sent.
            InvalidAnswerError: The class is not a class of the model.
            AnsweredElsewhereError: The review is complete, or this reviewer has answered before.
            ImageGoneError: The record is gone.
            RecordBusyError: DynamoDB cancelled every attempt, as when it is throttled.
        """
        for _ in range(ATTEMPTS):
            image = self._with_all_classes(self._records.image(answer.key))
            answers = self._records.answers(answer.key)

            if any(stored.answer_id == answer.answer_id for stored in answers):
                return self._announced(image, answers)
            _refuse(answer, image, answers)

            complete = replace(
                answer,
                reason=image.reason,
                model_digest=image.model_digest,
                machine=image.machine,
                label_probability=(
                    image.highest_probability_of(answer.label) if answer.label else None
                ),
            )
            new = [*answers, complete]
            put = {"Item": answer_item(complete), "TableName": self.reviews}
            once = put | {"ConditionExpression": "attribute_not_exists(image_url)"}
            if self._records.write(image, new, {"Put": once}, reviewer, leased=False):
                self._counts.move(image.reason, next_reason(image, new))
                return self._announced(image, new)

        raise RecordBusyError

    def undo(self, key: ImageKey, answer_id: str, reviewer: Reviewer) -> WaitingImage:
        """Take an answer back, and lease its image to the page again.

        Raises:
            NothingToUndoError: There is no such answer of this reviewer.
            NotAnnouncedError: The answer is taken back, its event is not sent.
            ImageGoneError: The record is gone.
            RecordBusyError: DynamoDB cancelled every attempt, as when it is throttled.
        """
        for _ in range(ATTEMPTS):
            image = self._records.image(key)
            answers = self._records.answers(key)
            mine = [
                answer
                for answer in answers
                if answer.answer_id == answer_id and answer.reviewer == reviewer.name
            ]
            if not mine:
                self._announce_undo_again(image, answers, answer_id)
                raise NothingToUndoError

            rest = [answer for answer in answers if answer.answer_id != answer_id]
            put = {"Item": undo_item(mine[0], _now()), "TableName": self.reviews}
            once = put | {"ConditionExpression": "attribute_not_exists(image_url)"}
            if self._records.write(image, rest, {"Put": once}, reviewer, leased=True):
                before = next_reason(image, answers)
                self._counts.move(before, next_reason(image, rest))
                if before is None:
                    self._announce(review_undone(image))
                reason = next_reason(image, rest) or Reason.SECOND_OPINION
                return replace(self._with_all_classes(image), reason=reason)

        raise RecordBusyError

    def waiting(self) -> dict[Reason, int]:
        """Count the images that wait, by reason. Reads the whole index, and nothing else."""
        return self._counts.counted()

    def known_waiting(self) -> dict[Reason, int]:
        """Return the last counts with own answers applied; others' appear within seconds."""
        return self._counts.known()

    def _with_all_classes(self, image: WaitingImage) -> WaitingImage:
        return replace(image, unlisted_classes=self.unlisted.of(image))

    def _announce_undo_again(
        self, image: WaitingImage, answers: Sequence[Answer], answer_id: str
    ) -> None:
        """Announce an undo whose event was not sent; the page repeats it after that error."""
        undone = undo_key(image.key, answer_id)["answer"]
        if next_reason(image, answers) and any(
            item["answer"] == undone for item in self._records.answer_items(image.key)
        ):
            self._announce(review_undone(image))

    def _announced(self, image: WaitingImage, answers: Sequence[Answer]) -> Reason | None:
        """Announce the review if it is complete; return why the image still waits."""
        reason = next_reason(image, answers)
        if reason is not None:
            return reason

        self._announce(image_reviewed(image, answers))
        return None

    def _announce(self, event: "PutEventsRequestEntryTypeDef") -> None:
        if self.events.put_events(Entries=[event])["FailedEntryCount"]:
            raise NotAnnouncedError

    def _candidates(
        self, reviewer: Reviewer, reasons: Sequence[Reason] = ORDER
    ) -> Iterator[WaitingImage]:
        """Yield images that wait, without a lease of others.

        The page's own images come first, then the longest waiting; images for review come in the
        order of the ranking.
        """
        for reason in reasons:
            pages = self.dynamodb.get_paginator("query").paginate(
                TableName=self.results,
                IndexName=INDEX,
                KeyConditionExpression="waits_for = :reason",
                FilterExpression=FREE,
                ExpressionAttributeValues=condition_values(reviewer) | {":reason": {"S": reason}},
                PaginationConfig={"PageSize": WINDOW if reason == Reason.REVIEW else PAGE},
            )
            for page in pages:
                items = page["Items"]
                own = [item for item in items if _holder(item) == reviewer.lease]
                rest = [WaitingImage.of(item) for item in items if _holder(item) != reviewer.lease]
                yield from map(WaitingImage.of, own)
                yield from self.order.ranked(rest) if reason == Reason.REVIEW else rest

    def _count_all(self) -> dict[Reason, int]:
        return {reason: self._count(reason) for reason in ORDER}

    def _count(self, reason: Reason) -> int:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.results,
            IndexName=INDEX,
            KeyConditionExpression="waits_for = :reason",
            ExpressionAttributeValues={":reason": {"S": reason}},
            Select="COUNT",
        )
        return sum(page["Count"] for page in pages)


def _holder(item: Mapping[str, Any]) -> str | None:
    return item["lease_holder"]["S"] if "lease_holder" in item else None


def _refuse(answer: Answer, image: WaitingImage, answers: Sequence[Answer]) -> None:
    if answer.verdict == Verdict.CLASS and answer.label not in image.classes:
        raise UnknownClassError(
            f"{answer.label!r:.60} is not a class of the model that decided this image. "
            f"{UnknownClassError.__doc__}"
        )
    if any(stored.reviewer == answer.reviewer for stored in answers):
        raise AnsweredElsewhereError
    if next_reason(image, answers) is None:
        raise AnsweredElsewhereError


def _now() -> str:
    return datetime.now(UTC).isoformat()
