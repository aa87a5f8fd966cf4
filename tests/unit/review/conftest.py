"""Provide tables and a bucket in memory, and records of waiting images."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from review import answers
from review.images import Answer, ImageKey, Reason, Verdict
from review.pictures import Pictures
from review.reviewer import Reviewer
from review.service.queue import INDEX, ReviewQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

BUCKET = "images"
ANNE = Reviewer("anne", "page-1")
BERT = Reviewer("bert", "page-1")
CARL = Reviewer("carl", "page-1")


def table(client: "DynamoDBClient", name: str, hash_key: str, range_key: str, **more: Any) -> None:
    """Make a table, with its index if it has one: the keys of the index, and its name."""
    names = {hash_key, range_key, *more.get("index", ())}

    def keys(one: str, other: str) -> Any:
        return [
            {"AttributeName": one, "KeyType": "HASH"},
            {"AttributeName": other, "KeyType": "RANGE"},
        ]

    indexes: list[Any] = []
    if "index" in more:
        projection = {"ProjectionType": "ALL"}
        schema = keys(*more["index"])
        index = more.get("index_name", INDEX)
        indexes = [{"IndexName": index, "KeySchema": schema, "Projection": projection}]

    optional: Any = {"GlobalSecondaryIndexes": indexes} if indexes else {}
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
        KeySchema=keys(hash_key, range_key),
        **optional,
    )


def answers_table(client: "DynamoDBClient", name: str) -> None:
    """Make a table of answers with its index by time."""
    by_time = ("log", "answered_at")
    table(client, name, "image_url", "answer", index=by_time, index_name=answers.INDEX)


@dataclass
class FakeEvents:
    """EventBridge, which refuses the first requests if a test says so."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    refusals: int = 0

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if self.refusals:
            self.refusals -= 1
            return {"FailedEntryCount": len(Entries)}
        self.sent += Entries
        return {"FailedEntryCount": 0}

    @property
    def details(self) -> list[dict[str, Any]]:
        """The details of all events sent."""
        return [json.loads(entry["Detail"]) for entry in self.sent]


@dataclass(frozen=True)
class Account:
    """The parts of an account that reviewers use."""

    dynamodb: "DynamoDBClient"
    s3: "S3Client"
    events: "FakeEvents"
    queue: ReviewQueue
    pictures: Pictures

    def add(
        self,
        name: str,
        *,
        reason: Reason | None = Reason.REVIEW,
        outcome: str = "REVIEW",
        recorded_at: str = "2026-01-01T00:00:00",
        body: bytes = b"\xff\xd8\xff a picture",
        confidence: float = 0.6,
        image_hash: str = "",
    ) -> ImageKey:
        """Upload an image and write its record, as the workflow does."""
        stored = self.s3.put_object(Bucket=BUCKET, Key=f"uploads/{name}", Body=body)
        key = ImageKey(f"s3://{BUCKET}/uploads/{name}", stored["VersionId"])
        item: dict[str, Any] = {
            "image_url": {"S": key.image_url},
            "version": {"S": key.version},
            "outcome": {"S": outcome},
            "classification": {"S": "truck"},
            "class_probabilities": {
                "M": {"truck": {"N": str(confidence)}, "automobile": {"N": str(1 - confidence)}}
            },
            "audit": {
                "M": {
                    "drawn": {"BOOL": reason == Reason.AUDIT},
                    "probability": {"N": "0.2"},
                }
            },
            "model_digest": {"S": "sha256:model"},
            "recorded_at": {"S": recorded_at},
            "uploaded_at": {"S": f"{recorded_at}#01"},
            "endpoint": {"S": "scones-unlimited"},
            "variant": {"S": "AllTraffic"},
            "confidence_score": {"N": str(confidence)},
            "confidence_threshold": {"N": "0.8"},
            "processing_time_ms": {"N": "245"},
        }
        if image_hash:
            item["image_hash"] = {"S": image_hash}
        if reason:
            item["waits_for"] = {"S": reason}
        self.dynamodb.put_item(TableName="results", Item=item)
        return key

    def record(self, key: ImageKey) -> dict[str, Any]:
        """Return the record of an image."""
        name = {"image_url": {"S": key.image_url}, "version": {"S": key.version}}
        return dict(self.dynamodb.get_item(TableName="results", Key=name)["Item"])

    def stored_answers(self) -> list[dict[str, Any]]:
        """Return all items of the reviews table."""
        return list(self.dynamodb.scan(TableName="reviews")["Items"])


@pytest.fixture(scope="session")
def clients() -> "Iterator[tuple[DynamoDBClient, S3Client]]":
    """Clients made once: parsing AWS's models is what they cost."""
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        yield session.client("dynamodb"), session.client("s3")


@pytest.fixture
def account(clients: "tuple[DynamoDBClient, S3Client]") -> Iterator[Account]:
    """An account with empty tables and an empty bucket."""
    dynamodb, s3 = clients
    with mock_aws():
        table(dynamodb, "results", "image_url", "version", index=("waits_for", "recorded_at"))
        answers_table(dynamodb, "reviews")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        events = FakeEvents()
        announces: Any = events
        queue = ReviewQueue(dynamodb, announces, "results", "reviews")
        yield Account(dynamodb, s3, events, queue, Pictures(s3, BUCKET))


@pytest.fixture
def answered() -> Callable[..., Answer]:
    """Build an answer."""

    def build(
        key: ImageKey,
        reviewer: Reviewer = ANNE,
        label: str | None = "truck",
        answer_id: str | None = None,
        answered_at: str = "2026-01-02T00:00:00",
        verdict: Verdict = Verdict.CLASS,
    ) -> Answer:
        return Answer(
            answer_id or f"{reviewer.name}-1",
            key,
            verdict,
            label,
            reviewer.name,
            answered_at,
            Reason.REVIEW,
            "",
            1.5,
        )

    return build
