"""Refuse by name what MiniStack only pretends to do, or does not have.

MiniStack answers every ValidateStateMachineDefinition with OK. Its TestState evaluates neither the
Output and Assign of a mocked task nor the variables that a request gives.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

type Answer = tuple[int, dict[str, str], bytes]

CODE = "UnknownOperationException"  # AWS's own name for it, and that of the local SageMaker


class _Services(dict[str, Any]):
    """MiniStack's services by name; another one has a handler that refuses."""

    def get(self, name: str, _default: object = None) -> Any:
        return self[name] if name in self else _refusing(name)


def install() -> None:
    """Refuse two operations of Step Functions, and all of services that MiniStack does not have."""
    wrap(
        stepfunctions,
        "_validate_state_machine_definition",
        "data",
        _refuse("ValidateStateMachineDefinition"),
    )
    wrap(stepfunctions, "_test_state", "data", _refuse("TestState"))
    vars(app)["SERVICE_HANDLERS"] = _Services(app.SERVICE_HANDLERS)


def _refuse(operation: str) -> Callable[..., Answer]:
    def refuse(_original: Callable[..., Answer], _data: Any) -> Answer:
        answer: Answer = error_response_json(
            CODE,
            f"{operation} is not emulated by the local cloud.",
            400,
        )
        return answer

    return refuse


def _refusing(service: str) -> Callable[..., Any]:
    body = {"__type": CODE, "message": f"{service} is not emulated by the local cloud."}

    async def refuse(*_request: Any) -> Answer:
        return (
            400,
            {"Content-Type": "application/json", "x-amzn-errortype": CODE},
            json.dumps(body).encode(),
        )

    return refuse
