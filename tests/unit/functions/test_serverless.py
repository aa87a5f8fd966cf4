"""classify_image and serverless endpoints: the errors of a cold start and of a MaxConcurrency."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto import mock_aws

from functions.classify_image import app
from functions.classify_image.endpoint import (
    EndpointAccessDeniedError,
    EndpointColdStartError,
    EndpointConcurrencyError,
    EndpointThrottledError,
    EndpointTimeoutError,
    EndpointUnavailableError,
    ImageRejectedByModelError,
    endpoint_error,
)
from functions.classify_image.model_card import is_serverless

CARD = "/scones-unlimited/endpoints/scones-unlimited"
EVENT = {"image_data": base64.b64encode(b"a truck").decode(), "content_type": "image/png"}
LABELS = {"labels": ["automobile", "truck"], "temperature": 1.0}


def answered(status: int, code: str, **model_error: Any) -> dict[str, Any]:
    return {
        "Error": {"Code": code, "Message": None},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **model_error,
    }


ANSWERS: list[tuple[dict[str, Any], type[Exception], type[Exception]]] = [
    # answer, of an instance-based endpoint, of a serverless one
    (answered(429, "ModelNotReadyException"), EndpointThrottledError, EndpointColdStartError),
    (answered(500, "InternalFailure"), EndpointUnavailableError, EndpointColdStartError),
    (answered(503, "ServiceUnavailable"), EndpointUnavailableError, EndpointColdStartError),
    (
        answered(530, "InternalDependencyException"),
        EndpointUnavailableError,
        EndpointColdStartError,
    ),
    (
        answered(424, "ModelError", OriginalStatusCode=0),
        EndpointUnavailableError,
        EndpointColdStartError,
    ),
    (answered(400, "ThrottlingException"), EndpointThrottledError, EndpointConcurrencyError),
    (answered(429, "429"), EndpointThrottledError, EndpointConcurrencyError),
    # The model itself answers: it has started.
    (
        answered(424, "ModelError", OriginalStatusCode=500),
        EndpointUnavailableError,
        EndpointUnavailableError,
    ),
    (
        answered(424, "ModelError", OriginalStatusCode=429),
        EndpointThrottledError,
        EndpointThrottledError,
    ),
    (
        answered(424, "ModelError", OriginalStatusCode=400),
        ImageRejectedByModelError,
        ImageRejectedByModelError,
    ),
    (answered(403, "AccessDeniedException"), EndpointAccessDeniedError, EndpointAccessDeniedError),
]


@pytest.mark.parametrize(("response", "realtime", "serverless"), ANSWERS)
def test_only_a_serverless_endpoint_counts_as_starting(
    response: dict[str, Any], realtime: type[Exception], serverless: type[Exception]
) -> None:
    named = [type(endpoint_error("one", response, serverless=kind)) for kind in (False, True)]
    assert [realtime, serverless] == named


@pytest.fixture
def card() -> Iterator[Any]:
    """Puts a model card in the place of the one before."""
    with mock_aws():
        app.parameters().clear_cache()  # type: ignore[no-untyped-call]
        yield lambda text: app.parameters().client.put_parameter(
            Name=CARD, Value=text, Type="String", Overwrite=True
        )


@pytest.mark.parametrize(
    ("expected", "text", "failure"),
    [
        (EndpointColdStartError, json.dumps(LABELS | {"serverless": True}), ReadTimeoutError),
        (EndpointTimeoutError, json.dumps(LABELS | {"serverless": True}), ConnectTimeoutError),
        (EndpointTimeoutError, json.dumps(LABELS | {"serverless": False}), ReadTimeoutError),
        (EndpointTimeoutError, json.dumps(LABELS), ReadTimeoutError),  # a card of before the field
        (EndpointTimeoutError, "no JSON", ReadTimeoutError),
    ],
)
def test_timeout_of_a_serverless_endpoint_is_a_cold_start(
    monkeypatch: pytest.MonkeyPatch,
    card: Any,
    context: Any,
    failing_call: Any,
    expected: type[Exception],
    text: str,
    failure: type[ReadTimeoutError | ConnectTimeoutError],
) -> None:
    monkeypatch.setenv("ENDPOINT_NAME", "scones-unlimited")
    monkeypatch.setenv("MODEL_CARD_PARAMETER", CARD)
    card(text)
    client = (
        app.sagemaker_runtime(serverless=True)
        if '"serverless": true' in text
        else app.sagemaker_runtime()
    )
    silence = failure(endpoint_url="http://127.0.0.1")
    with (
        failing_call(client, "before-call.sagemaker-runtime.InvokeEndpoint", silence),
        pytest.raises(expected, match="scones-unlimited"),
    ):
        app.lambda_handler(EVENT, context)


def test_serverless_endpoint_is_waited_for_longer_and_called_once() -> None:
    timeouts = [
        vars(config)["read_timeout"] for config in (app.ENDPOINT_CONFIG, app.SERVERLESS_CONFIG)
    ]
    assert [8, 15] == timeouts
    assert 1 == vars(app.SERVERLESS_CONFIG)["retries"]["total_max_attempts"]


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"serverless": "yes"}', '{"serverless": 1}', "[" * 100_000]
)
def test_card_without_the_field_is_not_serverless(text: str) -> None:
    assert not is_serverless(text)
