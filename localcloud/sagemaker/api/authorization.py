"""Who may do what: the question that the local SageMaker asks of every request."""

from collections.abc import Mapping
from typing import Any, Protocol

from localcloud.sagemaker.api.protocol import Request
from localcloud.sagemaker.api.store import KINDS, RecordStore


class Authorizer(Protocol):
    """Knows callers and their policies."""

    def authorize(self, request: Request, action: str, resource_arn: str) -> None:
        """Return if the caller may perform the action, such as `sagemaker:CreateModel`, on the resource.

        Raises:
            AccessDeniedError: in AWS's words; also when the request is not signed, or not as it should be.
        """


def resource_arns(store: RecordStore, request: Mapping[str, Any]) -> list[str]:
    """Return the ARNs that a control plane request is authorized on: every resource that it names, `*` if none.

    CreateEndpoint and UpdateEndpoint name two (an endpoint and its configuration), and AWS asks for both.
    """
    named = [store.arn(kind, str(request[f"{kind.name}Name"])) for kind in KINDS if f"{kind.name}Name" in request]
    pointed_at = ("ResourceArn", *(f"{kind.name}Arn" for kind in KINDS))
    return named + [str(request[member]) for member in pointed_at if member in request] or ["*"]
