"""A control plane over the wire: operations in JSON 1.1, authorized, and held against botocore's model."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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

# An operation may have to wait: then it returns an awaitable.
type Members = Mapping[str, Any]
type Operation = Callable[[dict[str, Any]], Members | Awaitable[Members]]


@dataclass(frozen=True)
class ControlPlane:
    """The operations of one service in one region.

    Args:
        service: Its name in botocore.
        operations: What is emulated of it, by name.
        authorizer: Asked before a request is looked at any further.
        resource_arns: Tells the ARNs of the resources that a request names: each is asked for.
        prefix: Its name in the actions of IAM policies; empty where that is `service`.
    """

    service: str
    operations: Mapping[str, Operation]
    authorizer: Authorizer
    resource_arns: Callable[[Mapping[str, Any]], list[str]]
    prefix: str = ""

    async def operate(self, request: Request) -> Answer:
        """Answer an operation.

        Raises:
            ServiceError: as JSON 1.1 words it.
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
        check_request(operation, members)
        answer = self.operations[name](members)
        if isinstance(answer, Awaitable):
            answer = await answer
        return control_plane_answer(shape_answer(operation, answer))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body or b"{}", object_hook=_without_nulls)
    except ValueError as exc:
        raise MalformedRequestError(f"The request is not JSON: {exc}") from exc
    if not isinstance(members, dict):
        raise MalformedRequestError("The request is not a JSON object.")
    return members


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    # In JSON 1.1 a member that is null is a member that is not there.
    return {name: value for name, value in members.items() if value is not None}
