"""Measure the warm latency of one execution on the local cloud: total, each function, the rest."""

import json
import statistics
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from cli.service import find_service
from localcloud.server.cloud import Cloud, require
from localcloud.server.settings import Folder
from untrusted.terminal import say

WARM_UP = 10
EXECUTIONS = 200
TASKS = ("Serialize image", "Classify image", "Filter inferences")
IMAGE = sorted(Path("examples/photos/test/truck").iterdir())[0]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values is, interpolated."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def milliseconds(start: datetime, end: datetime) -> float:
    """Return the time between two events."""
    return (end - start).total_seconds() * 1000


def durations(description: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, float]:
    """Return the milliseconds of one execution: `total`, each task, and `between` for the rest."""
    result = {"total": milliseconds(description["startDate"], description["stopDate"])}
    state = ""
    for before, event in pairwise(events):
        state = event.get("stateEnteredEventDetails", {}).get("name", state)
        if event["type"] == "TaskSucceeded" and state in TASKS:
            result[state] = milliseconds(before["timestamp"], event["timestamp"])
    return result | {"between": result["total"] - sum(result[task] for task in TASKS)}


def new_version(cloud: Cloud, bucket: str) -> dict[str, str]:
    """Store a version under a prefix that does not start the workflow; return the input."""
    key = "archive/benchmark.png"
    version = cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=IMAGE.read_bytes())[
        "VersionId"
    ]
    return {
        "image_url": f"s3://{bucket}/{key}",
        "version_id": version,
        "uploaded_at": datetime.now(UTC).isoformat(),
    }


def measure(cloud: Cloud) -> list[str]:
    """Run executions one after the other; return p50 and p99. Requires the demo's service."""
    states = cloud.client("stepfunctions")
    deployed = find_service(cloud.client("cloudformation"))
    measured: dict[str, list[float]] = {}

    for number in range(WARM_UP + EXECUTIONS):
        event = json.dumps(new_version(cloud, deployed.image_bucket))
        execution = states.start_execution(stateMachineArn=deployed.workflow_arn, input=event)[
            "executionArn"
        ]
        while (description := states.describe_execution(executionArn=execution))[
            "status"
        ] == "RUNNING":
            pass
        history = states.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        if number >= WARM_UP:
            for name, value in durations(description, history).items():
                measured.setdefault(name, []).append(value)

    lines = [f"warm executions on the local cloud, one at a time, n = {EXECUTIONS} (p50 / p99)"]
    lines += [
        f"  {n:18}{percentile(v, 0.5):7.1f} / {percentile(v, 0.99):6.1f} ms"
        for n, v in measured.items()
    ]

    return lines


if __name__ == "__main__":
    say(*measure(Cloud(require(Folder()).url)))
