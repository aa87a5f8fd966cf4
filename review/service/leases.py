"""Lease images to the page of one reviewer, with conditional writes.

Two reviewers never see the same image, and who leaves gives images back.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from review.images import ImageKey, Reason, WaitingImage
from review.reviewer import LEASE, Reviewer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS = 8  # a wall has 24 leases; botocore's pool has 10 connections
# An image that this page may have: nobody else holds it, and the reviewer has not answered it.
FREE = (
    "(attribute_not_exists(lease_until) OR lease_until < :now OR lease_holder = :holder)"
    " AND NOT contains(reviewers, :reviewer)"
)


@dataclass(frozen=True)
class Leases:
    """The leases in the records of the results table."""

    dynamodb: "DynamoDBClient"
    results: str

    def take(self, image: WaitingImage, reviewer: Reviewer) -> bool:
        """Lease an image; return False if another page has it, or its reason has changed.

        The index may be behind the record. An image that waits for a second opinion by now must
        not be shown with its prediction.
        """
        return self._lease(image.key, reviewer, "waits_for = :reason", {":reason": image.reason})

    def take_all(self, images: Sequence[WaitingImage], reviewer: Reviewer) -> list[WaitingImage]:
        """Lease several images at the same time; return those that the page holds now."""
        with ThreadPoolExecutor(THREADS) as threads:
            taken = list(threads.map(partial(self.take, reviewer=reviewer), images))
        return [image for image, is_taken in zip(images, taken, strict=True) if is_taken]

    def renew(self, keys: Sequence[ImageKey], reviewer: Reviewer) -> list[ImageKey]:
        """Extend leases; return the images that the page still holds."""
        with ThreadPoolExecutor(THREADS) as threads:
            held = list(threads.map(lambda key: self._renewed(key, reviewer), keys))
        return [key for key, is_held in zip(keys, held, strict=True) if is_held]

    def give_back(self, key: ImageKey, reviewer: Reviewer) -> None:
        """End the page's lease, if it has one."""
        conditional(
            lambda: self.dynamodb.update_item(
                TableName=self.results,
                Key=record_key(key),
                UpdateExpression="REMOVE lease_holder, lease_until",
                ConditionExpression="lease_holder = :holder",
                ExpressionAttributeValues={":holder": {"S": reviewer.lease}},
            )
        )

    def _renewed(self, key: ImageKey, reviewer: Reviewer) -> bool:
        return self._lease(key, reviewer, "attribute_exists(waits_for)", {})

    def _lease(
        self, key: ImageKey, reviewer: Reviewer, condition: str, texts: dict[str, Reason]
    ) -> bool:
        values = condition_values(reviewer) | {name: {"S": text} for name, text in texts.items()}
        return conditional(
            lambda: self.dynamodb.update_item(
                TableName=self.results,
                Key=record_key(key),
                UpdateExpression="SET lease_holder = :holder, lease_until = :until",
                ConditionExpression=f"{condition} AND {FREE}",
                ExpressionAttributeValues=values | {":until": {"S": lease_end()}},
            )
        )


def condition_values(reviewer: Reviewer) -> dict[str, Any]:
    """Return the values of the condition `FREE`."""
    return {
        ":holder": {"S": reviewer.lease},
        ":reviewer": {"S": reviewer.name},
        ":now": {"S": datetime.now(UTC).isoformat()},
    }


def lease_end() -> str:
    """Return when a lease ends that begins now: UTC, ISO 8601."""
    return (datetime.now(UTC) + LEASE).isoformat()


def record_key(key: ImageKey) -> dict[str, Any]:
    """Return the key of an image's record."""
    return {"image_url": {"S": key.image_url}, "version": {"S": key.version}}


def conditional(call: Callable[[], object]) -> bool:
    """Make a conditional write; return whether its condition held."""
    try:
        call()
    except ClientError as exc:
        if code_of(exc) == "ConditionalCheckFailedException":
            return False
        raise
    return True
