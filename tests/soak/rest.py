"""Wait until no execution runs and no failure waits to be recorded."""

import time
from typing import Any

from cli.service import Service
from localcloud.server.cloud import Cloud
from tests.soak.errors import NotAtRestError

# Seconds without progress before a soak gives up. No scaled wait of the service is longer.
PATIENCE = 120.0
PAUSE = 0.5


def wait_until_at_rest(
    cloud: Cloud, service: Service, patience: float = PATIENCE, pause: float = PAUSE
) -> None:
    """Wait until two successive checks find nothing: a message may be between queue and execution.

    Args:
        cloud: The local cloud.
        service: The service on it.
        patience: Seconds.
        pause: Seconds between two checks.

    Raises:
        NotAtRestError: executions or messages made no progress for `patience` seconds.
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
    """Return the number of running executions of the workflow."""
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=service.workflow_arn, statusFilter="RUNNING"
    )
    return sum(len(page["executions"]) for page in pages)


def _left(states: Any, queues: Any, service: Service) -> str:
    """Describe running executions and waiting messages; the text is empty at rest."""
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
