"""Read all answers once, and later only those that have arrived since.

The reviews table has an index of all answers by time, so that the cost of a look does not grow with
the uploads, nor with the answers that are known already.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from review.answers import INDEX, LOG, standing_answers
from review.images import Answer, ImageKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Answers carry the time of the reviewer's computer. An index is also a little behind its table.
OVERLAP = timedelta(hours=1)


class AnswerLog:
    """The answers of all reviewers, kept in this process."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._lock = Lock()
        self._items: dict[ImageKey, dict[str, Mapping[str, Any]]] = {}
        self._standing: dict[ImageKey, list[Answer]] = {}
        self._latest = ""

    def answers(self) -> list[list[Answer]]:
        """Return the answers that nobody took back, by image; the oldest of an image first."""
        with self._lock:
            changed = set()
            for item in self._new_items():
                key = ImageKey(item["image_url"]["S"], item["version"]["S"])
                known = self._items.setdefault(key, {})
                if item["answer"]["S"] not in known:
                    known[item["answer"]["S"]] = item
                    changed.add(key)
                self._latest = max(self._latest, item["answered_at"]["S"])

            for key in changed:
                self._standing[key] = standing_answers(self._items[key].values())
            return [answers for answers in self._standing.values() if answers]

    def _new_items(self) -> Iterator[Mapping[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="#log = :log AND answered_at >= :since",
            ExpressionAttributeNames={"#log": "log"},
            ExpressionAttributeValues={":log": {"S": LOG}, ":since": {"S": self._since()}},
        )
        for page in pages:
            yield from page["Items"]

    def _since(self) -> str:
        if not self._latest:
            return "0"  # before every time
        return (datetime.fromisoformat(self._latest) - OVERLAP).isoformat()
