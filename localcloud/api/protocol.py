"""What goes over the wire: requests, answers and errors, in the two shapes that SageMaker's two APIs use.

Source of the shapes: botocore's service models `sagemaker` (JSON 1.1) and `sagemaker-runtime` (REST-JSON).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter

from starlette.types import Scope

from localcloud.api.request_head import RequestHead


@dataclass(frozen=True)
class Request:
    """A whole request: its ASGI scope as the server gave it, its body, and when it was all there (`perf_counter`)."""

    scope: Scope
    body: bytes = field(repr=False)
    received: float = field(default_factory=perf_counter, repr=False, compare=False)

    def header(self, name: str) -> str | None:
        """Return the first header of this name (written in lower case), None if there is none."""
        return self.head.headers.get(name)

    def signed_region(self) -> str | None:
        """Return the region that the request is signed for, None if it has no signature of version 4."""
        return self.head.region

    @property
    def head(self) -> RequestHead:
        """The parsed head of the request."""
        return RequestHead.of(self.scope)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class ServiceError(Exception):
    """SageMaker could not do what was asked."""

    code = "InternalFailure"
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

    def __init__(self, message: str, **members: object) -> None:
        super().__init__(message)
        self.message = message
        self.members = members


class InvalidRequestError(ServiceError):
    """The request does not satisfy the API, or names what does not exist."""

    code = "ValidationException"
    status = int(HTTPStatus.BAD_REQUEST)


class MalformedRequestError(InvalidRequestError):
    """The body of the request is not the JSON that the operation takes."""

    code = "SerializationException"


class NotEmulatedError(InvalidRequestError):
    """AWS has this operation, the local SageMaker does not."""

    code = "UnknownOperationException"


class ResourceInUseError(InvalidRequestError):
    """The name of the resource is taken, or what it does now does not allow the operation."""

    code = "ResourceInUse"


class ResourceNotFoundError(InvalidRequestError):
    """There is no such resource, and the operation has an error of its own for that."""

    code = "ResourceNotFound"


class AccessDeniedError(ServiceError):
    """The caller is not known, or its policies do not allow the action."""

    status = int(HTTPStatus.FORBIDDEN)

    def __init__(self, message: str, code: str = "AccessDeniedException") -> None:
        super().__init__(message)
        self.code = code


def control_plane_answer(members: Mapping[str, object]) -> Answer:
    """Return a success of the control plane with these members."""
    return _json(HTTPStatus.OK, members, {"content-type": "application/x-amz-json-1.1"})


def control_plane_error(error: ServiceError) -> Answer:
    """Return the error as JSON 1.1 has it: the code in `__type`, and 400 for whatever is the caller's fault."""
    status = (
        HTTPStatus.BAD_REQUEST if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else error.status
    )
    members = {"__type": error.code, "message": error.message}
    return _json(status, members, {"content-type": "application/x-amz-json-1.1"})


def runtime_error(error: ServiceError) -> Answer:
    """Return the error as REST-JSON has it: the code in a header, further members beside the message.

    An error without a message has {"message": null}, as SageMaker throttles.
    """
    headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
    said = {"Message": error.message} if error.message else {"message": None}
    return _json(error.status, {**said, **error.members}, headers)


def _json(status: int, members: Mapping[str, object], headers: Mapping[str, str]) -> Answer:
    return Answer(int(status), headers, json.dumps(members).encode())
