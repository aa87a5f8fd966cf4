"""Starting the workflow for many images: several calls at once, and no more than so many a second."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any

from operations.service.context import Context

RATE = 20  # executions a second, which one small instance behind the endpoint keeps up with
_WORKERS = 16  # calls at once: enough for some hundred a second at 50 ms each


def start(context: Context, request: dict[str, Any]) -> str:
    """Start the workflow; return the execution's ARN."""
    arn = context.service.workflow_arn
    return context.aws.stepfunctions.start_execution(
        stateMachineArn=arn, input=json.dumps(request)
    )["executionArn"]


def paced[T, R](do: Callable[[T], R], items: Iterable[T], rate: float) -> Iterator[R]:
    """Do something with every item, a bounded number at once and at most `rate` a second; yield the results in order.

    An error of one ends it all, once those that have begun are done.
    """
    with ThreadPoolExecutor(_WORKERS) as pool:
        begun: deque[Future[R]] = deque()
        due = monotonic()
        for item in items:
            sleep(max(0.0, due - monotonic()))
            due = (
                max(due, monotonic() - 1) + 1 / rate
            )  # what a stall has cost is made up for at most a second
            begun.append(pool.submit(do, item))
            if len(begun) >= 2 * _WORKERS:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
