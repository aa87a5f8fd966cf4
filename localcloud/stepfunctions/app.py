"""Serve the local Step Functions as an ASGI app, for any region."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localcloud.api.control_plane import ControlPlane, Operation
from localcloud.api.protocol import Answer, Request, ServiceError, control_plane_error
from localcloud.stepfunctions.api.executions import Executions
from localcloud.stepfunctions.api.machines import StateMachines
from localcloud.stepfunctions.api.map_runs import MapRuns
from localcloud.stepfunctions.api.single_state import answer_test_state
from localcloud.stepfunctions.interpreter import Interpreter
from localcloud.stepfunctions.store import Store
from localcloud.stepfunctions.surroundings import Interceptor, Surroundings, make_call

PRINCIPAL = "states.amazonaws.com"
_logger = logging.getLogger(__name__)
# The members of requests that name the resource for the caller's policies.
_NAMING = ("stateMachineArn", "executionArn", "mapRunArn", "resourceArn")


class StepFunctionsApp:
    """The local Step Functions, to be mounted in another ASGI app.

    Args:
        path: the file of the saved state; None saves nothing.
        surroundings: the other services of the local cloud.
        intercept: called around each call of a task.

    Raises:
        UnreadableStateError: the file is damaged.
    """

    def __init__(
        self,
        path: Path | None,
        surroundings: Surroundings,
        intercept: Interceptor = make_call,
    ) -> None:
        self.store = Store(path)
        self.interpreter = Interpreter(self.store, surroundings, intercept)
        self._surroundings = surroundings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        if scope["type"] == "http":
            try:
                answer = await self._answer(Request(scope, await Incoming(scope, receive).body()))
            except ClientDisconnect:  # the client is gone
                return
            await Response(answer.body, answer.status, answer.headers)(scope, receive, send)

    @property
    def is_at_rest(self) -> bool:
        """Return whether no execution runs."""
        return not self.interpreter.lifecycle.running

    def machines(self, region: str) -> StateMachines:
        """Return the operations on the state machines of a region."""
        return StateMachines(self.interpreter, self._surroundings, region)

    def operations(self, region: str) -> dict[str, Operation]:
        """Return the operations of a region, with their names as keys."""
        return {
            **self.machines(region).operations,
            **Executions(self.interpreter).operations,
            **MapRuns(self.store).operations,
            "TestState": answer_test_state,
        }

    async def _answer(self, request: Request) -> Answer:
        region = request.signed_region() or self._surroundings.default_region
        machines = self.machines(region)

        def resource_arns(members: Mapping[str, Any]) -> list[str]:
            named = [str(members[name]) for name in _NAMING if name in members]
            return named or [machines.arn(str(members["name"])) if "name" in members else "*"]

        authorizer = self._surroundings.authorizer
        plane = ControlPlane(
            "stepfunctions",
            self.operations(region),
            authorizer,
            resource_arns,
            "states",
            {"roleArn": PRINCIPAL},
        )

        try:
            return await plane.operate(request)
        except ServiceError as exc:
            return control_plane_error(exc)
        except Exception:  # the border of the service: a defect becomes a 500
            _logger.exception("%s failed", request.header("x-amz-target"))
            message = (
                "The local Step Functions failed. Read the reason in the log of the local cloud."
            )
            return control_plane_error(ServiceError(message))
