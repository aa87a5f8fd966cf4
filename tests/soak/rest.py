"""When nothing moves any more: no execution runs, no failure waits to be recorded."""

import time
from typing import Any

from cli.service import Service
from localcloud.server.cloud import Cloud
from tests.soak.errors import NotAtRestError

# Seconds without any movement before a soak gives up; nothing that the service waits for takes longer when scaled.
PATIENCE = 120.0
PAUSE = 0.5


def wait_until_at_rest(
    cloud: Cloud, service: Service, patience: float = PATIENCE, pause: float = PAUSE
) -> None:
    """Return when nothing moves, twice in a row: between two looks a message may be on its way to an execution.

    Args:
        cloud: The local cloud.
        service: The service that is deployed there.
        patience: Seconds.
        pause: Seconds between two looks.

    Raises:
        NotAtRestError: something is left, and has not changed for so long.
    """
    states, queues = cloud.client("stepfunctions"), cloud.client("sqs")
    calm, last_news, before = 0, time.monotonic(), ""
    while True:
        left = _left(states, queues, service)
        calm = 0 if left else calm + 1
        if calm == 2:
            return
        if left != before:
            last_news, before = time.monotonic(), left
        if left and time.monotonic() - last_news > patience:
            raise NotAtRestError(
                f"Nothing has moved for {patience:.0f} s, and there still are {left}."
            )
        time.sleep(pause)


def running_executions(states: Any, service: Service) -> int:
    """How many executions of the workflow have not ended."""
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=service.workflow_arn, statusFilter="RUNNING"
    )
    return sum(len(page["executions"]) for page in pages)


def _left(states: Any, queues: Any, service: Service) -> str:
    """Say what has not ended; nothing if all has."""
    running = running_executions(states, service)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = queues.get_queue_attributes(QueueUrl=service.failure_queue_url, AttributeNames=names)[
        "Attributes"
    ]
    waiting = sum(int(counts[name]) for name in names)
    return (
        f"{running} running executions and {waiting} messages in the failure queue"
        if running or waiting
        else ""
    )
