"""Refuse by name the services that MiniStack does not have.

MiniStack: answers {"error": "Unsupported service: NAME"}, in which clients find neither a code nor a message.
AWS: has an endpoint for each service, and answers UnknownOperationException where there is none of a name.
Source: Smithy, "AWS JSON 1.1 protocol", Operation error serialization: the error's name is in `__type`.
Remove this patch when MiniStack answers with an error that clients understand.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app

type Answer = tuple[int, dict[str, str], bytes]

OURS = "states"
CODE = "UnknownOperationException"  # AWS's own name for it, and that of the local SageMaker


class _Services(dict[str, Any]):
    """MiniStack's services by name; another one has a handler that refuses."""

    def get(self, name: str, _default: object = None) -> Any:
        return self[name] if name in self else _refusing(name)


def install() -> None:
    """Refuse all operations of services that MiniStack does not have, or that are ours."""
    services = _Services(app.SERVICE_HANDLERS)
    del services[OURS]  # only a request that is signed for another service comes here
    vars(app)["SERVICE_HANDLERS"] = services


def _refusing(service: str) -> Callable[..., Any]:
    body = {"__type": CODE, "message": f"{service} is not emulated by the local cloud."}

    async def refuse(*_request: Any) -> Answer:
        return (
            400,
            {"Content-Type": "application/json", "x-amzn-errortype": CODE},
            json.dumps(body).encode(),
        )

    return refuse
