"""MiniStack's ASGI app, and the questions that the server asks of it.

Import it when MiniStack's settings are in the environment: MiniStack reads them when it is imported.
"""

from ministack import app as _ministack
from ministack.services import stepfunctions
from starlette.types import ASGIApp

app: ASGIApp = _ministack.app


def is_at_rest() -> bool:
    """Return whether no execution of a workflow runs."""
    return all(execution["status"] != "RUNNING" for execution in stepfunctions._executions.all_values())
