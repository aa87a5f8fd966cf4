from typing import Any

import pytest

from functions.classify_image.endpoint import (
    EndpointAccessDeniedError,
    EndpointNotFoundError,
    EndpointThrottledError,
    EndpointUnavailableError,
    ImageRejectedByModelError,
    endpoint_error,
)


def answered(status: int, code: str, message: str = "", **model_error: Any) -> dict[str, Any]:
    error = {"Code": code, "Message": message}
    return {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}, **model_error}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (
            answered(400, "ValidationError", "Endpoint one of account 123456789012 not found."),
            EndpointNotFoundError,
        ),
        (answered(400, "ValidationException", "Endpoint one not found."), EndpointNotFoundError),
        (answered(400, "ValidationError", "Body is malformed."), ImageRejectedByModelError),
        (answered(413, "413", "Payload Too Large"), ImageRejectedByModelError),
        (answered(400, "ThrottlingException"), EndpointThrottledError),
        (answered(429, "ModelNotReadyException"), EndpointThrottledError),
        (answered(429, "429"), EndpointThrottledError),
        (answered(500, "InternalFailure"), EndpointUnavailableError),
        (answered(503, "ServiceUnavailable"), EndpointUnavailableError),
        (answered(530, "InternalDependencyException"), EndpointUnavailableError),
        (answered(403, "AccessDeniedException"), EndpointAccessDeniedError),
        (answered(400, "AccessDeniedException"), EndpointAccessDeniedError),
        (answered(400, "ExpiredTokenException"), EndpointAccessDeniedError),
        (answered(424, "ModelError", OriginalStatusCode=400), ImageRejectedByModelError),
        (answered(424, "ModelError", OriginalStatusCode=415), ImageRejectedByModelError),
        (answered(424, "ModelError", OriginalStatusCode=429), EndpointThrottledError),
        (answered(424, "ModelError", OriginalStatusCode=500), EndpointUnavailableError),
        (answered(424, "ModelError", OriginalStatusCode=0), EndpointUnavailableError),
        (answered(424, "ModelError"), EndpointUnavailableError),
    ],
)
def test_endpoint_error_follows_from_the_answer(
    response: dict[str, Any], expected: type[Exception]
) -> None:
    assert expected is type(endpoint_error("one", response))


def test_endpoint_error_repeats_the_models_own_words() -> None:
    response = answered(
        424, "ModelError", "Received error", OriginalStatusCode=400, OriginalMessage="not an image"
    )
    assert "not an image" in str(endpoint_error("one", response))
