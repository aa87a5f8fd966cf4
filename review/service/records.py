"""Read and write records of images with their answers, in the two tables of a service."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import code_of
from review.answers import review_of, standing_answers
from review.errors import ImageGoneError
from review.images import Answer, ImageKey, WaitingImage, deciding_answer, next_reason
from review.reviewer import Reviewer
from review.service.leases import lease_end, record_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Records:
    """The records of the results table, and the answers of the reviews table."""

    dynamodb: "DynamoDBClient"
    results: str
    reviews: str

    def image(self, key: ImageKey) -> WaitingImage:
        """Read an image.

        Raises:
            ImageGoneError: There is no record of a classified image.
        """
        found = self.dynamodb.get_item(
            TableName=self.results, Key=record_key(key), ConsistentRead=True
        )
        item = found.get("Item")
        if item is None or "audit" not in item or "classification" not in item:
            raise ImageGoneError(f"{key.image_url}: {ImageGoneError.__doc__}")
        return WaitingImage.of(item)

    def answers(self, key: ImageKey) -> list[Answer]:
        """Read the answers that nobody took back, the oldest first."""
        return standing_answers(self.answer_items(key))

    def answer_items(self, key: ImageKey) -> Iterator[Mapping[str, Any]]:
        """Read the items of all answers and undos of an image version."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.reviews,
            KeyConditionExpression="image_url = :image_url AND begins_with(answer, :version)",
            ExpressionAttributeValues={
                ":image_url": {"S": key.image_url},
                ":version": {"S": f"{key.version}#"},
            },
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])

    def write(
        self,
        image: WaitingImage,
        answers: Sequence[Answer],
        put: dict[str, Any],
        reviewer: Reviewer,
        *,
        leased: bool,
    ) -> bool:
        """Write an answer or an undo with the record; return False if the record has changed."""
        update = self._update(image, answers, reviewer, leased=leased)
        try:
            transaction: Any = [put, {"Update": update}]
            self.dynamodb.transact_write_items(TransactItems=transaction)
        except ClientError as exc:
            if code_of(exc) in ("TransactionCanceledException", "TransactionConflictException"):
                return False
            raise
        return True

    def _update(
        self,
        image: WaitingImage,
        answers: Sequence[Answer],
        reviewer: Reviewer,
        *,
        leased: bool,
    ) -> dict[str, Any]:
        """Build the update of the record after these answers."""
        reason = next_reason(image, answers)
        values: dict[str, Any] = {":next": {"N": str(image.revision + 1)}}
        sets, removes = ["review_revision = :next"], []

        if reason is None:
            removes += ["waits_for"]
        else:
            sets.append("waits_for = :reason")
            values[":reason"] = {"S": reason}

        # A label that somebody doubts stands until another reviewer answers.
        if reason is None or (image.second_look and len(answers) == 1):
            sets.append("review = :review")
            values[":review"] = {"M": review_of(deciding_answer(answers), len(answers))}
        else:
            removes += ["review"]

        if answers:
            sets.append("reviewers = :reviewers")
            values[":reviewers"] = {"SS": sorted({answer.reviewer for answer in answers})}
        else:
            removes += ["reviewers"]

        if leased:
            sets.append("lease_holder = :holder, lease_until = :until")
            values[":holder"] = {"S": reviewer.lease}
            values[":until"] = {"S": lease_end()}
        else:
            removes += ["lease_holder", "lease_until"]

        unchanged = "attribute_not_exists(review_revision)"
        if image.revision:
            unchanged = "review_revision = :revision"
            values[":revision"] = {"N": str(image.revision)}

        removed = f" REMOVE {', '.join(removes)}" if removes else ""
        return {
            "TableName": self.results,
            "Key": record_key(image.key),
            "UpdateExpression": f"SET {', '.join(sets)}{removed}",
            "ConditionExpression": f"attribute_exists(image_url) AND {unchanged}",
            "ExpressionAttributeValues": values,
        }
