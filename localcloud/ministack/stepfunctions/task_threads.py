"""MiniStack starts a thread for every task of an execution; here the tasks share threads, which are used again."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

# More than executions can be at work: one that waits for a thread would find its time over.
_MOST_THREADS = 10_000


def install() -> None:
    """Run tasks that have a time limit, as every task should, on shared threads."""
    threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="task")

    def invoke(_original: Callable[..., Any], resource: str, input_data: Any, timeout: float) -> Any:
        run = contextvars.copy_context().run  # account, region and role
        future = threads.submit(run, stepfunctions._invoke_resource, resource, input_data)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise stepfunctions._ExecutionError("States.Timeout", f"Task timed out after {timeout} seconds") from None

    wrap(stepfunctions, "_invoke_resource_with_timeout", "resource input_data timeout", invoke)
