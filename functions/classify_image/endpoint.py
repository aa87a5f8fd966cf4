"""What it means when the SageMaker endpoint does not answer a prediction."""

from collections.abc import Mapping
from typing import Any

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
    {"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "ExpiredTokenException"}
)


class EndpointThrottledError(Exception):
    """The endpoint has no capacity free for this request; the same request may succeed later."""


class EndpointUnavailableError(Exception):
    """The endpoint, or the model behind it, failed; the same request may succeed later."""


class EndpointTimeoutError(Exception):
    """The endpoint did not answer in time; the same request may succeed later."""


class EndpointNotFoundError(Exception):
    """There is no endpoint of this name."""


class EndpointAccessDeniedError(Exception):
    """The function may not invoke the endpoint."""


class ImageRejectedByModelError(Exception):
    """The model does not take this image."""


def endpoint_error(endpoint: str, response: Mapping[str, Any]) -> Exception:
    """Turn an error that InvokeEndpoint answered, as botocore parses it, into a named error.

    The codes: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    """
    code, said = response["Error"]["Code"], response["Error"].get("Message", "")
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "ModelError":  # the container answered an error; 0 stands for a container that did not answer at all
        status = response.get("OriginalStatusCode", 0) or 500
        said = response.get("OriginalMessage", said)
    if status == 429 or code in THROTTLED_CODES:
        return EndpointThrottledError(f"The endpoint {endpoint} has no capacity free ({code}: {said:.500}).")
    if status >= 500:
        return EndpointUnavailableError(f"The endpoint {endpoint} failed ({code}, status {status}: {said:.500}).")
    if status == 403 or code in DENIED_CODES:
        return EndpointAccessDeniedError(
            f"classify_image may not invoke the endpoint {endpoint} ({code}: {said:.500})."
        )
    if code.startswith("Validation") and "not found" in said.lower():
        return EndpointNotFoundError(f"There is no endpoint {endpoint}. Was it deployed, in this region? ({said:.500})")
    return ImageRejectedByModelError(
        f"The endpoint {endpoint} does not take this image ({code}, {status}: {said:.500})."
    )
