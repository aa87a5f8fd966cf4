"""Measure the price and time of an image in a backlog of 200 and in a backlog of 2,000 images.

`python -m benchmarks.backlog`. The local cloud must be running with the demo's service on it.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from cli.prices import read_prices
from cli.service import Service, find_service
from localcloud.server.cloud import Cloud, require
from localcloud.server.settings import Folder
from untrusted.terminal import say
from untrusted.text import shown

SIZES = (200, 2_000)
IMAGES = sorted(Path("examples/photos/test").rglob("*.*"))
LIMIT = 0.10  # by how much an image of the large backlog may cost more than one of the small
EVENTS = {"Announce outcome", "Announce failure"}
WRITES = {"Open record", "Record prediction", "Record error"}


def store(cloud: Cloud, bucket: str, prefix: str, count: int) -> None:
    """Store images under a prefix that does not start the workflow."""
    s3 = cloud.client("s3")

    def put(numbered: tuple[int, Path]) -> None:
        number, path = numbered
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}{number:05}{path.suffix}", Body=path.read_bytes()
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, enumerate(islice(cycle(IMAGES), count))))


def units(events: list[dict[str, Any]]) -> Counter[str]:
    """Return the billed units in the history of one execution, by their name in cli/prices.toml."""
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in events
        if "stateEnteredEventDetails" in event
    ]
    return Counter(
        {
            "state_transition": len(entered),
            "lambda_request": sum(
                "lambda" in event["taskScheduledEventDetails"]["resourceType"]
                for event in events
                if "taskScheduledEventDetails" in event
            ),
            "dynamodb_write": sum(name in WRITES for name in entered),
            "event": sum(name in EVENTS for name in entered),
        }
    )


def histories(cloud: Cloud, workflow_arn: str, since: datetime) -> Iterator[list[dict[str, Any]]]:
    """Return the histories of the executions that started after a time."""
    states = cloud.client("stepfunctions")
    for page in states.get_paginator("list_executions").paginate(stateMachineArn=workflow_arn):
        for execution in page["executions"]:
            if execution["startDate"] >= since:
                pages = states.get_paginator("get_execution_history").paginate(
                    executionArn=execution["executionArn"]
                )
                yield [dict(event) for page in pages for event in page["events"]]


def work_off(cloud: Cloud, service: Service, count: int) -> tuple[float, Counter[str]]:
    """Classify a backlog of `count` images; return the seconds and all billed units."""
    states = cloud.client("stepfunctions")
    prefix = f"archive/benchmark-{count}-{time.time_ns()}/"
    store(cloud, service.image_bucket, prefix, count)
    since = datetime.now(UTC)
    start = time.perf_counter()
    execution = states.start_execution(
        stateMachineArn=service.require_backlog_workflow(), input=json.dumps({"prefix": prefix})
    )["executionArn"]

    while (status := states.describe_execution(executionArn=execution)["status"]) == "RUNNING":
        time.sleep(0.5)
    seconds = time.perf_counter() - start
    if status != "SUCCEEDED":
        raise SystemExit(shown(f"The backlog ended {status}; see `scones local status`."))
    total: Counter[str] = Counter()

    for events in histories(cloud, service.workflow_arn, since):
        total += units(events)
    total["state_transition"] += count  # the one state of each item's own execution
    return seconds, total


def measure(cloud: Cloud) -> list[str]:
    """Classify both backlogs and compare the price of an image."""
    service = find_service(cloud.client("cloudformation"))
    dollars = read_prices().per_million
    costs = []
    lines = ["backlog on the local cloud, per image (endpoint, memory and storage apart)"]

    for count in SIZES:
        seconds, total = work_off(cloud, service, count)
        costs.append(sum(dollars[unit] * amount for unit, amount in total.items()) / 1e6 / count)
        amounts = ", ".join(f"{amount / count:.2f} {unit}" for unit, amount in total.items())
        lines.append(
            f"  {count:5,} images: ${costs[-1]:.6f} ({amounts}); {seconds / count * 1000:.0f} ms"
        )

    lines.append(f"  large over small: {costs[1] / costs[0]:.3f} (at most {1 + LIMIT:.2f})")
    return lines


if __name__ == "__main__":
    say(*measure(Cloud(require(Folder()).url)))
