"""Tasks with a time limit share threads."""

import contextvars
import threading
from typing import Any

import pytest

_variable = contextvars.ContextVar("_variable", default="unset")


@pytest.fixture
def run_task(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from ministack.services import stepfunctions

    monkeypatch.setattr(stepfunctions, "_invoke_resource", lambda _resource, task: task())
    return lambda task, timeout=5: stepfunctions._invoke_resource_with_timeout("a resource", task, timeout)


def test_tasks_one_after_the_other_use_threads_again(run_task: Any) -> None:
    threads = {run_task(threading.current_thread) for _ in range(100)}
    assert len(threads) < 100  # a thread is free a moment after its task has ended


def test_task_sees_the_variables_of_its_execution(run_task: Any) -> None:
    _variable.set("set")
    assert "set" == run_task(_variable.get)


def test_task_that_takes_too_long_ends_as_a_timeout(run_task: Any) -> None:
    from ministack.services.stepfunctions import _ExecutionError

    release = threading.Event()
    with pytest.raises(_ExecutionError) as raised:
        run_task(release.wait, timeout=0.01)
    release.set()
    assert "States.Timeout" == raised.value.error
