"""Serve a control plane: operations in JSON 1.1, authorized and validated by botocore's model."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.api.authorizer import Authorizer
from localcloud.api.protocol import (
    Answer,
    MalformedRequestError,
    NotEmulatedError,
    Request,
    control_plane_answer,
)
from localcloud.api.service_model import check_request, find_operation, service_model, shape_answer

# An operation that has to wait returns an awaitable.
type Members = Mapping[str, Any]
type Operation = Callable[[dict[str, Any]], Members | Awaitable[Members]]


# IAM User Guide, "Grant a user permissions to pass a role to an AWS service".
_GRANT = "iam:PassRole"
_PASSED_TO = "iam:PassedToService"


@dataclass(frozen=True)
class ControlPlane:
    """Serve the operations of one service in one region.

    Args:
        service: the name of the service in botocore.
        operations: the emulated operations; keys are their names.
        authorizer: decides first whether a request is allowed.
        resource_arns: returns the ARNs of the resources of a request; each is authorized.
        prefix: the service in the actions of IAM policies; empty if it is equal to `service`.
        passed_roles: the paths of members that name a role, each with the principal that
            assumes the role. The caller needs iam:PassRole.
    """

    service: str
    operations: Mapping[str, Operation]
    authorizer: Authorizer
    resource_arns: Callable[[Mapping[str, Any]], list[str]]
    prefix: str = ""
    passed_roles: Mapping[str, str] = field(default_factory=dict)

    async def operate(self, request: Request) -> Answer:
        """Answer an operation.

        Raises:
            ServiceError: the answer of JSON 1.1 for a request that fails.
        """
        metadata = (await asyncio.to_thread(service_model, self.service)).metadata
        target, _, name = (request.header("x-amz-target") or "").partition(".")
        not_emulated = f"is not emulated by the local {metadata['serviceId']}."
        if target != metadata["targetPrefix"]:
            raise NotEmulatedError(
                f"{request.scope['method']} {request.scope['path']} {not_emulated}"
            )

        operation = find_operation(self.service, name)
        if name not in self.operations:
            raise NotEmulatedError(f"{name} {not_emulated}")

        members = _parsed(request.body)
        for arn in self.resource_arns(members):
            self.authorizer.authorize(request, f"{self.prefix or self.service}:{name}", arn)
        self._authorize_passed_roles(request, members)
        check_request(operation, members)
        answer = self.operations[name](members)
        if isinstance(answer, Awaitable):
            answer = await answer
        return control_plane_answer(shape_answer(operation, answer))

    def _authorize_passed_roles(self, request: Request, members: Members) -> None:
        for path, principal in self.passed_roles.items():
            role_arn = _found(members, path)
            if role_arn:
                conditions = {_PASSED_TO: principal}
                self.authorizer.authorize(request, _GRANT, str(role_arn), conditions)


def _found(members: Any, path: str) -> Any:
    """Return the member at a path, as "Definition.RoleArn", or None."""
    for name in path.split("."):
        members = members.get(name) if isinstance(members, Mapping) else None
    return members


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}", object_hook=_without_nulls)
    except ValueError as exc:
        raise MalformedRequestError(f"The request is not JSON: {exc}") from exc
    if not isinstance(members, dict):
        raise MalformedRequestError("The request is not a JSON object.")

    return members


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    # In JSON 1.1 a null member is a missing member.
    return {name: value for name, value in members.items() if value is not None}
