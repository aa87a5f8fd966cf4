"""An execution ends as FAILED whatever is raised in it; in MiniStack some errors leave it RUNNING forever.

Source: Amazon States Language, "Appendix A: Predefined Error Codes": States.Runtime, "An execution failed due to
some exception that it could not process."
"""

import logging
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

ERROR = "States.Runtime"
_logger = logging.getLogger(__name__)


def install() -> None:
    """Watch every execution from its first step to its last."""
    wrap(stepfunctions, "_run_execution", "exec_arn", _run)


def _run(original: Callable[[str], None], arn: str) -> None:
    try:
        original(arn)
    except Exception as exc:
        _logger.exception("Unexpected error in execution %s", arn)
        execution = stepfunctions._executions.get(arn)
        if execution and execution["status"] == "RUNNING":
            _fail(execution, describe(exc))


def describe(exc: Exception) -> str:
    """Return the cause that an execution shows for an exception which nothing foresaw."""
    return f"{type(exc).__name__}: {exc}"


def _fail(execution: dict[str, Any], cause: str) -> None:
    try:
        stepfunctions._fail_execution(execution, ERROR, cause)
    except Exception:  # the event of the failure, say, could not be sent
        _logger.exception("The failure of %s could not be announced", execution["executionArn"])
        stopped = execution.get("stopDate") or stepfunctions.now_iso()
        execution.update(status="FAILED", error=ERROR, cause=cause, stopDate=stopped)
