"""AWS errors without a reason, parsed by botocore from the wire, still become named errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from functions.classify_image import app as classify
from functions.classify_image.endpoint import (
    EndpointAccessDeniedError,
    EndpointColdStartError,
    EndpointConcurrencyError,
    EndpointThrottledError,
    EndpointUnavailableError,
    ImageRejectedByModelError,
)
from functions.classify_image.model_card import (
    ModelCardAccessDeniedError,
    ModelCardUnavailableError,
)
from functions.serialize_image import app as serialize
from functions.serialize_image.stored_image import (
    ImageAccessDeniedError,
    ImageStoreUnavailableError,
    StoredImage,
)

REALTIME: dict[tuple[int, str], type[Exception]] = {
    (400, "ThrottlingException"): EndpointThrottledError,
    (429, "ModelNotReadyException"): EndpointThrottledError,
    (500, "InternalFailure"): EndpointUnavailableError,
    (503, "ServiceUnavailable"): EndpointUnavailableError,
    (530, "InternalDependencyException"): EndpointUnavailableError,
    (424, "ModelError"): EndpointUnavailableError,
    (403, "AccessDeniedException"): EndpointAccessDeniedError,
    (400, "ValidationError"): ImageRejectedByModelError,
}
# Answers of a serverless endpoint while it starts, or above its concurrency.
SERVERLESS: dict[tuple[int, str], type[Exception]] = REALTIME | {
    (400, "ThrottlingException"): EndpointConcurrencyError,
    (429, "ModelNotReadyException"): EndpointColdStartError,
    (500, "InternalFailure"): EndpointColdStartError,
    (503, "ServiceUnavailable"): EndpointColdStartError,
    (530, "InternalDependencyException"): EndpointColdStartError,
    (424, "ModelError"): EndpointColdStartError,
}
BODIES = {
    "null": b'{"message": null}',
    "Null": b'{"Message": null}',
    "missing": b"{}",
    "no body": b"",
}


class Raw(BytesIO):
    """The body of an HTTP answer, as botocore reads it."""

    def stream(self, **_options: Any) -> Iterator[bytes]:
        yield self.read()


@contextmanager
def answering(
    client: Any, operation: str, status: int, headers: dict[str, str], body: bytes
) -> Iterator[None]:
    """Make a client receive an HTTP answer to any request."""
    event = f"before-send.{client.meta.service_model.service_id.hyphenize()}.{operation}"

    def answer(**_sent: Any) -> AWSResponse:
        return AWSResponse("http://127.0.0.1", status, HTTPHeaders.from_dict(headers), Raw(body))

    client.meta.events.register(event, answer)
    yield
    client.meta.events.unregister(event, answer)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(
    ("serverless", "status", "code", "expected"),
    [
        (serverless, *answered, expected)
        for serverless, table in ((False, REALTIME), (True, SERVERLESS))
        for answered, expected in table.items()
    ],
)
def test_endpoint_error_without_a_reason_is_named_by_its_code(
    serverless: bool, status: int, code: str, expected: type[Exception], body: bytes
) -> None:
    client = (
        classify.sagemaker_runtime(serverless=True) if serverless else classify.sagemaker_runtime()
    )
    with (
        answering(client, "InvokeEndpoint", status, {"x-amzn-errortype": code}, body),
        pytest.raises(expected) as raised,
    ):
        classify.invoke_endpoint("cars", b"image", serverless=serverless)
    # botocore puts the words of the HTTP status into an error of 500 and more that has no body.
    reason = (
        HTTPStatus(status).phrase if not body and status in (500, 503) else "AWS gave no reason"
    )
    assert expected is type(raised.value)
    assert reason in str(raised.value) or (status, body) == (530, b"")
    assert "None" not in str(raised.value)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_refusal_without_a_code_is_a_service_error(body: bytes) -> None:
    with (
        answering(classify.sagemaker_runtime(), "InvokeEndpoint", 400, {}, body),
        pytest.raises(EndpointUnavailableError, match=r"\(400, status 400: AWS gave no reason\)"),
    ):
        classify.invoke_endpoint("cars", b"image", serverless=False)


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (ModelCardUnavailableError, b'{"__type": "ThrottlingException", "message": null}'),
        (ModelCardUnavailableError, b'{"__type": null}'),
        (ModelCardUnavailableError, b""),
        (ModelCardAccessDeniedError, b'{"__type": "AccessDeniedException", "message": null}'),
    ],
)
def test_parameter_store_error_without_a_reason_is_named_by_its_code(
    expected: type[Exception], body: bytes
) -> None:
    classify.parameters().clear_cache()  # type: ignore[no-untyped-call]
    with (
        answering(classify.parameters().client, "GetParameter", 400, {}, body),
        pytest.raises(expected, match="card"),
    ):
        classify.read_model_card("/card")


@pytest.mark.parametrize(
    ("expected", "status", "body"),
    [
        (ImageStoreUnavailableError, 503, b"<Error><Code>SlowDown</Code></Error>"),
        (ImageStoreUnavailableError, 503, b"<Error><Code/><Message/></Error>"),
        (ImageStoreUnavailableError, 500, b"<Error></Error>"),
        (ImageAccessDeniedError, 403, b"<Error><Code>AccessDenied</Code><Message/></Error>"),
    ],
)
@pytest.mark.usefixtures("no_wait")
def test_s3_error_without_a_reason_is_named_by_its_status(
    expected: type[Exception], status: int, body: bytes
) -> None:
    with (
        answering(serialize.s3(), "GetObject", status, {}, body),
        pytest.raises(expected, match="AWS gave no reason"),
    ):
        serialize.read_image(StoredImage("images", "uploads/truck.png"))


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore repeat a call at once."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
