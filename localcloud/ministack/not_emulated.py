"""Refuse the services that MiniStack does not have, and name them.

MiniStack: answers {"error": "Unsupported service: NAME"}. Clients find neither code nor message.
AWS: has an endpoint for each service, and answers UnknownOperationException to unknown operations.
Source: Smithy, "AWS JSON 1.1 protocol", Operation error serialization: `__type` has
the name of the error.
Remove this patch when MiniStack answers with an error that clients understand.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app

type Answer = tuple[int, dict[str, str], bytes]

OURS = "states"
CODE = "UnknownOperationException"  # the code of AWS and of the local SageMaker


class _Services(dict[str, Any]):
    """Return a refusing handler for services that MiniStack does not have."""

    def get(self, name: str, _default: object = None) -> Any:
        return self[name] if name in self else _refusing(name)


def install() -> None:
    """Refuse all operations of unknown services, and of the one that this project serves."""
    services = _Services(app.SERVICE_HANDLERS)
    del services[OURS]  # a request for states comes here only with the signature of another service
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
