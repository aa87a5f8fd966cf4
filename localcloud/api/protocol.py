"""Define requests, answers and errors in the two protocols of SageMaker.

Source: botocore's service models `sagemaker` (JSON 1.1) and `sagemaker-runtime` (REST-JSON).
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
    """A whole request: its ASGI scope, its body, and its time of arrival (`perf_counter`)."""

    scope: Scope
    body: bytes = field(repr=False)
    received: float = field(default_factory=perf_counter, repr=False, compare=False)

    def header(self, name: str) -> str | None:
        """Return the first header of a name in lower case, or None."""
        return self.head.headers.get(name)

    def signed_region(self) -> str | None:
        """Return the region of the request's signature, or None without one of version 4."""
        return self.head.region

    @property
    def head(self) -> RequestHead:
        """Return the parsed head of the request."""
        return RequestHead.of(self.scope)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class ServiceError(Exception):
    """SageMaker cannot carry out the request."""

    code = "InternalFailure"
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

    def __init__(self, message: str, **members: object) -> None:
        super().__init__(message)
        self.message = message
        self.members = members


class InvalidRequestError(ServiceError):
    """The request breaks a rule of the API, or names a missing resource."""

    code = "ValidationException"
    status = int(HTTPStatus.BAD_REQUEST)


class MalformedRequestError(InvalidRequestError):
    """The body of the request is not the JSON of the operation."""

    code = "SerializationException"


class NotEmulatedError(InvalidRequestError):
    """AWS has this operation, and the local SageMaker does not."""

    code = "UnknownOperationException"


class ResourceInUseError(InvalidRequestError):
    """The name is taken, or the state of the resource does not allow the operation."""

    code = "ResourceInUse"


class ResourceNotFoundError(InvalidRequestError):
    """The resource is missing, and the operation has an error for this case."""

    code = "ResourceNotFound"


class AccessDeniedError(ServiceError):
    """The caller is unknown, or its policies do not allow the action."""

    status = int(HTTPStatus.FORBIDDEN)

    def __init__(self, message: str, code: str = "AccessDeniedException") -> None:
        super().__init__(message)
        self.code = code


def control_plane_answer(members: Mapping[str, object]) -> Answer:
    """Return a success of the control plane with these members."""
    return _json(HTTPStatus.OK, members, {"content-type": "application/x-amz-json-1.1"})


def control_plane_error(error: ServiceError) -> Answer:
    """Return the error in JSON 1.1: the code is in `__type`, client errors have status 400."""
    status = (
        HTTPStatus.BAD_REQUEST if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else error.status
    )
    members = {"__type": error.code, "message": error.message}
    return _json(status, members, {"content-type": "application/x-amz-json-1.1"})


def runtime_error(error: ServiceError) -> Answer:
    """Return the error in REST-JSON: the code is in a header, and members are beside the message.

    An error without a message has {"message": null}, as a throttled request of SageMaker.
    """
    headers = {"content-type": "application/json", "x-amzn-errortype": error.code}
    said = {"Message": error.message} if error.message else {"message": None}
    return _json(error.status, {**said, **error.members}, headers)


def _json(status: int, members: Mapping[str, object], headers: Mapping[str, str]) -> Answer:
    return Answer(int(status), headers, json.dumps(members).encode())
