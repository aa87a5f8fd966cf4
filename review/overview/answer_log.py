"""Read all answers once, and later only those that have arrived since.

The reviews table has an index of all answers by time, so that the cost of a look does not grow with
the uploads, nor with the answers that are known already.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from review.answers import standing_answers
from review.images import Answer, ImageKey
from review.service.stored_answers import ALWAYS, stored_answers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Answers carry the time of the reviewer's computer. An index is also a little behind its table.
OVERLAP = timedelta(hours=1)


class AnswerLog:
    """The answers of all reviewers, kept in this process.

    `changes` counts the looks that found something new.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._lock = Lock()
        self._items: dict[ImageKey, dict[str, Mapping[str, Any]]] = {}
        self._standing: dict[ImageKey, list[Answer]] = {}
        self._latest = ""
        self.changes = 0

    def answers(self) -> list[list[Answer]]:
        """Return the answers that nobody took back, by image; the oldest of an image first."""
        with self._lock:
            changed = set()
            for item in stored_answers(self._dynamodb, self._table, self._since()):
                key = ImageKey(item["image_url"]["S"], item["version"]["S"])
                known = self._items.setdefault(key, {})
                if item["answer"]["S"] not in known:
                    known[item["answer"]["S"]] = item
                    changed.add(key)
                self._latest = max(self._latest, item["answered_at"]["S"])

            self.changes += bool(changed)
            for key in changed:
                self._standing[key] = standing_answers(self._items[key].values())
            return [answers for answers in self._standing.values() if answers]

    def _since(self) -> str:
        if not self._latest:
            return ALWAYS
        return (datetime.fromisoformat(self._latest) - OVERLAP).isoformat()
