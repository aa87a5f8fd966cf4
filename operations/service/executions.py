"""Start the workflow for many images, with concurrent calls and a limited rate."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

from operations.service.context import Context

RATE = 20  # executions per second: one small instance behind the endpoint can follow
_WORKERS = 16  # concurrent calls: about 300 per second at 50 ms each


def start(context: Context, request: dict[str, Any]) -> str:
    """Start the workflow; return the execution's ARN."""
    arn = context.service.workflow_arn
    return context.aws.stepfunctions.start_execution(
        stateMachineArn=arn, input=json.dumps(request)
    )["executionArn"]


def paced[T, R](do: Callable[[T], R], items: Iterable[T], rate: float) -> Iterator[R]:
    """Call a function for every item, at most `rate` times per second; yield results in order.

    The first error is raised after the running calls end.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        begun: deque[Future[R]] = deque()
        due = monotonic()
        for item in items:
            sleep(max(0.0, due - monotonic()))
            # After a stall, at most one second is made up for.
            due = max(due, monotonic() - 1) + 1 / rate
            begun.append(pool.submit(do, item))
            if len(begun) >= 2 * _WORKERS:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
