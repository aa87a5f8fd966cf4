"""Upload images with an ordinary S3 client and follow the workflows that the uploads start."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.demo.decisions import Decision, Upload, await_records, decide
from examples.demo.errors import UndecidedImagesError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

BATCH = 100  # keys in one BatchGetItem: DynamoDB's limit
PATIENCE = 120  # seconds without a new outcome until the demo stops


@dataclass(frozen=True)
class Sample:
    """A file to upload, the end of its key, and its true class (None if it shows no class)."""

    path: Path
    name: str
    label: str | None


def upload(s3: "S3Client", bucket: str, samples: Iterable[Sample]) -> Iterator[Upload]:
    """Upload the samples under uploads/, eight at a time, and yield each as it arrives."""

    def put(sample: Sample) -> Upload:
        key = f"uploads/{sample.name}"
        answer = s3.put_object(Bucket=bucket, Key=key, Body=sample.path.read_bytes())
        return Upload(sample.path, f"s3://{bucket}/{key}", answer["VersionId"], sample.label)

    with ThreadPoolExecutor(8) as threads:
        yield from threads.map(put, samples)


def follow(
    workflow: "SFNClient", database: "DynamoDBServiceResource", table: str, uploads: list[Upload]
) -> Iterator[Decision]:
    """Yield the decision on every upload as soon as it is recorded.

    Raises:
        UndecidedImagesError: No outcome was recorded for `PATIENCE` seconds.
    """
    last_news = time.monotonic()

    def pause() -> None:
        if time.monotonic() - last_news > PATIENCE:
            raise UndecidedImagesError(
                f"No image was decided for {PATIENCE} s; see `scones local status`."
            )
        time.sleep(0.2)

    def find(pending: list[Upload]) -> dict[tuple[str, str], str]:
        return recorded(database, table, pending)

    for image, execution in await_records(uploads, find, pause):
        last_news = time.monotonic()
        yield decide(image, *explain(workflow, execution))


def recorded(
    database: "DynamoDBServiceResource", table: str, uploads: list[Upload]
) -> dict[tuple[str, str], str]:
    """Return the executions that recorded an outcome of these uploads, by (image URL, version)."""
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(uploads), BATCH):
        keys = [
            {"image_url": item.image_url, "version": item.version}
            for item in uploads[start : start + BATCH]
        ]
        answer = database.batch_get_item(RequestItems={table: {"Keys": keys}})
        for item in answer["Responses"][table]:
            if "outcome" in item:  # without an outcome, the execution is still running
                found[str(item["image_url"]), str(item["version"])] = str(item["execution"])
    return found


def explain(workflow: "SFNClient", execution: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Wait for the end of an execution; return its description and its history."""
    description = workflow.describe_execution(executionArn=execution)
    while description["status"] == "RUNNING":  # the execution ends after it records the outcome
        time.sleep(0.05)
        description = workflow.describe_execution(executionArn=execution)
    pages = workflow.get_paginator("get_execution_history").paginate(executionArn=execution)
    return dict(description), [dict(event) for page in pages for event in page["events"]]
