"""Measure how fast the review page opens on a long queue in a large results table.

`python -m benchmarks.waiting_images` starts a local cloud of its own: 5,000 images wait among
100,000 records. It counts the page's requests to DynamoDB, of which none may be a scan.
"""

import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from cli.outcomes import ACCEPTED, REVIEW
from localcloud.server.cloud import running
from review.images import Reason
from review.reviewer import Reviewer
from review.service.queue import ReviewQueue
from tests.review_page.application import Application, Storage
from untrusted.terminal import say

RECORDS = 100_000
WAITING = {Reason.REVIEW: 4_600, Reason.AUDIT: 300, Reason.SECOND_OPINION: 100}
OPENED = 30  # times
FIRST = 8  # images that the page asks for when it opens
LIMIT = 1.0  # seconds


def records(storage: Storage) -> Iterator[dict[str, Any]]:
    """Yield the records; the images that wait are spread over the whole table."""
    reasons = [reason for reason, count in WAITING.items() for _ in range(count)]
    every = RECORDS // len(reasons)
    for number in range(RECORDS):
        reason = reasons[number // every] if number % every == 0 else None
        yield record(storage, number, reason)


def record(storage: Storage, number: int, reason: Reason | None) -> dict[str, Any]:
    """Return a record as the workflow writes it."""
    item: dict[str, Any] = {
        "image_url": {"S": f"s3://{storage.name}/uploads/{number:06}.jpg"},
        "version": {"S": f"{number:032}"},
        "uploaded_at": {"S": f"2026-01-01T00:00:00Z#{number:06}"},
        "outcome": {"S": REVIEW if reason == Reason.REVIEW else ACCEPTED},
        "image_processed": {"BOOL": True},
        "classification": {"S": "truck"},
        "confidence_score": {"N": "0.6"},
        "passed_threshold": {"BOOL": False},
        "class_probabilities": {"M": {"truck": {"N": "0.6"}, "automobile": {"N": "0.4"}}},
        "confidence_threshold": {"N": "0.8"},
        "endpoint": {"S": "scones-unlimited"},
        "variant": {"S": "AllTraffic"},
        "model_digest": {"S": f"sha256:{'0' * 64}"},
        "image_hash": {"S": "f0f0f0f08787c3c3"},
        "audit": {"M": {"drawn": {"BOOL": reason != Reason.REVIEW}, "probability": {"N": "0.01"}}},
        "execution": {"S": f"arn:aws:states:us-east-1:000000000000:execution:scones:{number}"},
        "recorded_at": {"S": f"2026-01-01T00:00:00.{number:06}"},
        "processing_time_ms": {"N": "245"},
    }
    return item | ({"waits_for": {"S": reason}} if reason else {})


def fill(storage: Storage) -> None:
    """Write the records in batches of 25, as many as a request may have."""
    dynamodb = storage.cloud.client("dynamodb")

    def write(batch: tuple[dict[str, Any], ...]) -> None:
        requests: Any = [{"PutRequest": {"Item": item}} for item in batch]
        answer = dynamodb.batch_write_item(RequestItems={storage.results: requests})
        if answer.get("UnprocessedItems"):
            raise RuntimeError("The local cloud did not write all items of a batch.")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, batched(records(storage), 25, strict=False)))


def open_page(client: httpx.Client, number: int) -> tuple[float, float]:
    """Open the page as a new page does; return the seconds until page and first images came."""
    start = time.perf_counter()
    client.get("/").raise_for_status()
    page = time.perf_counter() - start
    answer = client.post("/claim", json={"page": f"page-{number}", "count": FIRST})
    answer.raise_for_status()
    seconds = time.perf_counter() - start

    images = answer.json()["images"]
    if len(images) != FIRST:
        raise RuntimeError(f"The page got {len(images)} images instead of {FIRST}.")
    ids = [image["id"] for image in images]
    client.post("/release", json={"page": f"page-{number}", "ids": ids}).raise_for_status()
    return page, seconds


def opened(storage: Storage, folder: Path) -> list[str]:
    """Open the page some times in a process of its own, as a browser does."""
    application = Application(storage, folder).start()
    parts = urlsplit(application.address)
    token = parts.query.removeprefix("token=")
    headers = {"x-review-token": token, "cookie": f"review={token}"}

    try:
        with httpx.Client(base_url=f"http://{parts.netloc}", headers=headers, timeout=60) as client:
            times = [open_page(client, number)[1] for number in range(OPENED)]
    finally:
        application.kill()

    first, *rest = times
    return [
        f"page and first {FIRST} images, {sum(WAITING.values()):,} waiting among {RECORDS:,} "
        f"records, n = {OPENED} (limit {LIMIT:g} s)",
        f"  first after the start: {first * 1000:.0f} ms",
        f"  p50 {statistics.median(rest) * 1000:.0f} ms, longest {max(rest) * 1000:.0f} ms",
    ]


def requests_of_a_claim(storage: Storage) -> list[str]:
    """Measure a claim's requests to DynamoDB by themselves."""
    dynamodb = storage.cloud.client("dynamodb")
    count: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    began: dict[str, float] = {}

    def begin(model: Any, **_: object) -> None:
        began[model.name] = time.perf_counter()

    def end(model: Any, **_: object) -> None:
        count[model.name] += 1
        seconds[model.name] += time.perf_counter() - began[model.name]

    dynamodb.meta.events.register("before-call.dynamodb", begin)
    dynamodb.meta.events.register("after-call.dynamodb", end)
    queue = ReviewQueue(dynamodb, storage.cloud.client("events"), storage.results, storage.reviews)

    start = time.perf_counter()
    images = queue.claim(Reviewer("anne", "breakdown"), FIRST)
    whole = time.perf_counter() - start
    queue.release(Reviewer("anne", "breakdown"), [image.key for image in images])
    lines = [
        f"  {name}: {number} requests, {seconds[name] * 1000:.0f} ms"
        for name, number in sorted(count.items())
    ]

    count.clear()
    start = time.perf_counter()
    queue.waiting()
    counting = time.perf_counter() - start
    return [
        f"one claim of {FIRST} images: {whole * 1000:.0f} ms; of it and its release",
        *lines,
        f"counting all images that wait: {count.total()} requests, {counting * 1000:.0f} ms",
    ]


def main() -> None:
    """Run the measurements on a local cloud of their own."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / ".local") as cloud:
        storage = Storage(cloud, "long-queue").create()
        start = time.perf_counter()
        fill(storage)
        say(f"{RECORDS:,} records written in {time.perf_counter() - start:.0f} s")
        say(*opened(storage, Path(folder)))
        say(*requests_of_a_claim(storage))


if __name__ == "__main__":
    main()
