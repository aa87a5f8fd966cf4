"""Write the events of a task into the history of its execution."""

from typing import Any

from localcloud.stepfunctions.errors import TIMEOUT, StateError
from localcloud.stepfunctions.integrations import Integration
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.scope import Scope


class TaskEvents:
    """Write the events of one call; the ARN of a function has events of other names."""

    def __init__(self, scope: Scope, integration: Integration) -> None:
        self._scope = scope
        self._is_function = integration.is_function
        self._called = {"resourceType": integration.shown_type, "resource": integration.shown}
        self._resource = integration.shown

    def scheduled(self, arguments: Payload, seconds: float | None) -> None:
        """Note that the call is scheduled and starts."""
        limit = {} if seconds is None else {"timeoutInSeconds": int(seconds)}
        if self._is_function:
            details = {"resource": self._resource, "input": arguments.text, **limit}
            self._add("LambdaFunctionScheduled", details)
            self._scope.add("LambdaFunctionStarted")
            return

        region = self._scope.execution.region
        parameters = {"region": region, "parameters": arguments.text}
        self._add("TaskScheduled", {**self._called, **parameters, **limit})
        self._add("TaskStarted", dict(self._called))

    def succeeded(self, result: Payload) -> None:
        """Note the result."""
        if self._is_function:
            self._add("LambdaFunctionSucceeded", {"output": result.text})
        else:
            self._add("TaskSucceeded", {**self._called, "output": result.text})

    def failed(self, error: StateError) -> None:
        """Note the error."""
        end = "TimedOut" if error.error == TIMEOUT else "Failed"
        details = {"error": error.error, "cause": error.cause}
        if self._is_function:
            self._add(f"LambdaFunction{end}", details)
        else:
            self._add(f"Task{end}", {**self._called, **details})

    def _add(self, kind: str, details: dict[str, Any]) -> None:
        member = f"{kind[0].lower()}{kind[1:]}EventDetails"
        self._scope.add(kind, **{member: details})
