"""Named errors of a SageMaker endpoint that does not answer with a prediction."""

from collections.abc import Mapping
from typing import Any

from observability.aws_error import read_aws_error, shown_reason

THROTTLED_CODES = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "ModelNotReadyException",
        "ServiceQuotaExceededException",
    }
)
DENIED_CODES = frozenset(
    {
        "AccessDeniedException",
        "AccessDenied",
        "UnrecognizedClientException",
        "ExpiredTokenException",
    }
)


class EndpointThrottledError(Exception):
    """The endpoint has no capacity free for this request; the same request may succeed later."""


class EndpointUnavailableError(Exception):
    """The endpoint, or the model behind it, failed; the same request may succeed later."""


class EndpointTimeoutError(Exception):
    """The endpoint did not answer in time; the same request may succeed later."""


class EndpointColdStartError(Exception):
    """The serverless endpoint is still starting; the same request succeeds once it has started."""


class EndpointConcurrencyError(Exception):
    """The serverless endpoint is at its MaxConcurrency; the same request may succeed later."""


class EndpointNotFoundError(Exception):
    """The endpoint does not exist."""


class EndpointAccessDeniedError(Exception):
    """The function may not invoke the endpoint."""


class ImageRejectedByModelError(Exception):
    """The model rejects this image."""


def endpoint_error(
    endpoint: str, response: Mapping[str, Any], *, serverless: bool = False
) -> Exception:
    """Return the named error for an error response of InvokeEndpoint, as botocore parses it.

    The codes are those of InvokeEndpoint in the API reference of the SageMaker runtime.

    Args:
        endpoint: Name of the endpoint.
        response: Error response as botocore parses it.
        serverless: Whether the endpoint is serverless and may be starting or at MaxConcurrency.
    """
    error = read_aws_error(response)
    code, status, reason = error.code, error.status, error.reason
    answered_by_model = False
    if code == "ModelError":  # OriginalStatusCode 0: the container did not answer
        status = response.get("OriginalStatusCode") or 500
        answered_by_model = bool(response.get("OriginalStatusCode"))
        reason = shown_reason(response.get("OriginalMessage") or error.reason)

    throttled = status == 429 or code in THROTTLED_CODES

    if serverless and not answered_by_model:
        if code == "ModelNotReadyException" or status >= 500:
            return EndpointColdStartError(
                f"The serverless endpoint {endpoint} is still starting ({code}: {reason})."
            )
        if throttled:
            return EndpointConcurrencyError(
                f"The serverless endpoint {endpoint} is at its MaxConcurrency ({code}: {reason})."
            )

    if throttled:
        return EndpointThrottledError(
            f"The endpoint {endpoint} has no capacity free ({code}: {reason})."
        )
    if status >= 500 or (status == 400 and not error.is_named):  # not an error of the image
        return EndpointUnavailableError(
            f"The endpoint {endpoint} failed ({code}, status {status}: {reason})."
        )
    if status == 403 or code in DENIED_CODES:
        return EndpointAccessDeniedError(
            f"classify_image may not invoke the endpoint {endpoint} ({code}: {reason})."
        )
    if code.startswith("Validation") and "not found" in reason.lower():
        return EndpointNotFoundError(
            f"There is no endpoint {endpoint}. Was it deployed in this region? ({reason})"
        )

    return ImageRejectedByModelError(
        f"The model of the endpoint {endpoint} rejects this image ({code}, {status}: {reason})."
    )
