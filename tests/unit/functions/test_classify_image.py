"""The handler of classify_image against a fake SSM and a stubbed endpoint."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as RawReadTimeoutError

from functions.classify_image import app
from functions.classify_image.embedding import packed
from functions.classify_image.endpoint import (
    EndpointNotFoundError,
    EndpointTimeoutError,
    EndpointUnavailableError,
    ImageRejectedByModelError,
)
from functions.classify_image.image_data import InvalidImageDataError
from functions.classify_image.model_card import (
    InvalidModelCardError,
    ModelCardAccessDeniedError,
    ModelCardNotFoundError,
    ModelCardUnavailableError,
    OtherModelError,
)
from functions.classify_image.prediction import InvalidPredictionError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ENDPOINT = "scones-unlimited"
CARD = "/scones-unlimited/endpoints/scones-unlimited"
DIGEST = "sha256:0123"
IMAGE = b"\x89PNG the pixels of a truck"
EVENT = {
    "image_data": base64.b64encode(IMAGE).decode(),
    "content_type": "image/png",
    "execution": "execution-one",
}


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the template gives the function, and no model card remembered."""
    monkeypatch.setenv("ENDPOINT_NAME", ENDPOINT)
    monkeypatch.setenv("MODEL_CARD_PARAMETER", CARD)
    with mock_aws():
        app.parameters().clear_cache()  # type: ignore[no-untyped-call]
        app.read_class_list.cache_clear()
        yield


@pytest.fixture
def ssm() -> "SSMClient":
    client: SSMClient = app.parameters().client
    return client


@pytest.fixture
def model_card(ssm: "SSMClient") -> None:
    card = {"labels": ["automobile", "truck"], "temperature": 1.0, "model_digest": DIGEST}
    ssm.put_parameter(Name=CARD, Value=json.dumps(card), Type="String")


@pytest.fixture
def endpoint() -> Iterator[Stubber]:
    with Stubber(app.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answers(
    endpoint: Stubber,
    body: bytes | BytesIO,
    length: int | None = None,
    accept: str = "application/json",
) -> None:
    raw = BytesIO(body) if isinstance(body, bytes) else body
    expected = {
        "EndpointName": ENDPOINT,
        "Body": IMAGE,
        "ContentType": "application/x-image",
        "Accept": accept,
    }
    size = len(raw.getvalue()) if length is None else length
    answer = {"Body": StreamingBody(raw, size), "InvokedProductionVariant": "AllTraffic"}
    endpoint.add_response("invoke_endpoint", answer, expected)


@pytest.mark.usefixtures("model_card")
def test_classify_image_prediction_answers_the_contract(endpoint: Stubber, context: Any) -> None:
    answers(endpoint, b"[0.08, 0.92]")
    expected = {
        "predictions": [0.08, 0.92],
        "class_probabilities": {"automobile": 0.08, "truck": 0.92},
        "endpoint": ENDPOINT,
        "variant": "AllTraffic",
        "model_digest": DIGEST,
        "recommended_threshold": 0.8,
        "review_classes": [],
        "embedding": None,
    }
    assert expected == app.lambda_handler(EVENT, context)


VERBOSE = "application/json;verbose=true"
NUMBERS = [float(number) for number in range(64)]
MODELS = [f"sha256:{number:064x}" for number in range(3)]


def write_card(ssm: "SSMClient", digest: str, **members: Any) -> None:
    card = {"labels": ["automobile", "truck"], "temperature": 1.0, "model_digest": digest}
    text = json.dumps(card | {"embedding_space": "0123456789ab"} | members)
    ssm.put_parameter(Name=CARD, Value=text, Type="String", Overwrite=True)


def verbose(digest: str) -> bytes:
    answer = {"probabilities": [0.08, 0.92], "model_digest": digest, "embedding": NUMBERS}
    return json.dumps(answer).encode()


def test_classify_image_verbose_answer_has_an_embedding_that_stays_out_of_logs(
    ssm: "SSMClient",
    endpoint: Stubber,
    context: Any,
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    write_card(ssm, MODELS[0])
    answers(endpoint, verbose(MODELS[0]), accept=VERBOSE)
    answer = app.lambda_handler(EVENT, context)
    (line,) = log_lines()
    assert packed("0123456789ab", NUMBERS) == answer["embedding"]
    assert MODELS[0] == answer["model_digest"] == line["model_digest"]
    assert answer["embedding"] not in json.dumps(line)


def test_classify_image_card_that_is_too_old_for_the_model_is_read_again(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    write_card(ssm, MODELS[0])
    app.read_model_card(CARD)  # from now on for a minute it would be kept
    write_card(ssm, MODELS[0], next={"model_digest": MODELS[1], "embedding_space": "next"})
    answers(endpoint, verbose(MODELS[1]), accept=VERBOSE)
    answer = app.lambda_handler(EVENT, context)
    assert MODELS[1] == answer["model_digest"]
    assert packed("next", NUMBERS) == answer["embedding"]


def test_classify_image_built_in_model_that_replaces_ours_is_read_with_its_card(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    write_card(ssm, MODELS[0])
    app.read_model_card(CARD)
    write_card(ssm, MODELS[1], embedding_space=None)
    answers(endpoint, b"[0.08, 0.92]", accept=VERBOSE)
    answer = app.lambda_handler(EVENT, context)
    assert MODELS[1] == answer["model_digest"]
    assert answer["embedding"] is None


@pytest.mark.parametrize("body", [verbose(MODELS[2]), b"[0.08, 0.92]"])
def test_classify_image_answer_of_another_model_is_refused(
    ssm: "SSMClient", endpoint: Stubber, context: Any, body: bytes
) -> None:
    write_card(ssm, MODELS[0], next={"model_digest": MODELS[1], "embedding_space": "next"})
    answers(endpoint, body, accept=VERBOSE)
    with pytest.raises(OtherModelError, match=MODELS[0]):
        app.lambda_handler(EVENT, context)


def test_classify_image_card_that_is_too_old_for_the_variant_is_read_again(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    other = {"labels": ["cat", "dog"], "temperature": 1.0, "variant": "before"}
    ssm.put_parameter(Name=CARD, Value=json.dumps(other), Type="String")
    app.read_model_card(CARD)  # from now on for a minute it would be kept
    mine = {"labels": ["automobile", "truck"], "temperature": 1.0, "variant": "AllTraffic"}
    ssm.put_parameter(Name=CARD, Value=json.dumps(mine), Overwrite=True)
    answers(endpoint, b"[0.08, 0.92]")
    assert {"automobile": 0.08, "truck": 0.92} == app.lambda_handler(EVENT, context)[
        "class_probabilities"
    ]


def test_classify_image_temperature_calibrates(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    card = json.dumps({"labels": ["automobile", "truck"], "temperature": 2.0})
    ssm.put_parameter(Name=CARD, Value=card, Type="String")
    answers(endpoint, b"[0.1, 0.9]")
    assert {"automobile": 0.25, "truck": 0.75} == app.lambda_handler(EVENT, context)[
        "class_probabilities"
    ]


def many(ssm: "SSMClient", endpoint: Stubber, classes: int) -> dict[str, float]:
    """A model of many classes, whose last class is the most probable; return its probabilities."""
    names = [f"class {number:03}" for number in range(classes)]
    card = {"labels": names, "temperature": 1.0, "class_thresholds": dict.fromkeys(names)}
    ssm.put_parameter(Name=CARD, Value=json.dumps(card), Type="String", Tier="Advanced")
    share = 2 / (classes * (classes + 1))
    probabilities = [share * (place + 1) for place in range(classes)]
    answers(endpoint, json.dumps(probabilities).encode())
    return {name: round(p, 12) for name, p in zip(names, probabilities, strict=True)}


def test_classify_image_hundred_classes_are_all_in_the_answer(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    expected = many(ssm, endpoint, 100)
    answer = app.lambda_handler(EVENT, context)
    assert expected == answer["class_probabilities"]
    assert list(expected) == answer["review_classes"]


def test_classify_image_ten_of_more_classes_are_in_the_answer(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    expected = dict(list(many(ssm, endpoint, 101).items())[:-11:-1])
    answer = app.lambda_handler(EVENT, context)
    assert expected == answer["class_probabilities"]
    assert list(expected) == list(answer["class_probabilities"])
    assert list(expected.values()) == answer["predictions"]
    assert set(expected) == set(answer["review_classes"])


def test_classify_image_answer_of_the_longest_names_stays_far_below_a_states_limit(
    endpoint: Stubber, context: Any
) -> None:
    names = [f"{number:03}{'é' * 48}"[:100] for number in range(100)]  # 99 bytes; stage takes 100
    card = {"labels": names, "temperature": 1.0, "class_thresholds": dict.fromkeys(names)}
    text = json.dumps(card, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "read_model_card", lambda _: text)
        answers(endpoint, json.dumps([0.01] * 100).encode())
        answer = app.lambda_handler(EVENT, context)
    assert 100 == len(answer["review_classes"])
    assert 64 * 1024 / 2 > len(json.dumps(answer, ensure_ascii=False).encode())


def with_class_list(ssm: "SSMClient") -> list[str]:
    """A model card whose class names are in parameters of their own; return these."""
    names = ["automobile", "truck"]
    text = json.dumps({"labels": names, "class_thresholds": [[1, 0.6]]}).encode()
    digest = hashlib.sha256(text).hexdigest()
    packed = base64.b64encode(zlib.compress(text)).decode()
    parts = [packed[:20], packed[20:]]
    card = {"temperature": 1.0, "class_list": {"sha256": digest, "parameters": len(parts)}}
    ssm.put_parameter(Name=CARD, Value=json.dumps(card), Type="String")
    parameters = [f"{CARD}/classes/{digest}/{number}" for number in range(len(parts))]
    for name, part in zip(parameters, parts, strict=True):
        ssm.put_parameter(Name=name, Value=part, Type="String")
    return parameters


def test_classify_image_class_list_is_read_once(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    parameters = with_class_list(ssm)
    for _ in range(2):
        answers(endpoint, b"[0.08, 0.92]")
    answer = app.lambda_handler(EVENT, context)
    assert {"automobile": 0.08, "truck": 0.92} == answer["class_probabilities"]
    assert 0.6 == answer["recommended_threshold"]
    ssm.delete_parameters(Names=parameters)
    assert answer == app.lambda_handler(EVENT, context)


def test_classify_image_missing_class_list_is_not_found(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    [_, last] = with_class_list(ssm)
    ssm.delete_parameter(Name=last)
    answers(endpoint, b"[0.08, 0.92]")
    with pytest.raises(ModelCardNotFoundError, match=f"{last} does not exist"):
        app.lambda_handler(EVENT, context)


@pytest.mark.parametrize("value", ["no base64!", "aaaa", "eJwDAAAAAAE="])
def test_classify_image_changed_class_list_is_invalid(
    ssm: "SSMClient", endpoint: Stubber, context: Any, value: str
) -> None:
    [_, last] = with_class_list(ssm)
    ssm.put_parameter(Name=last, Value=value, Overwrite=True)
    answers(endpoint, b"[0.08, 0.92]")
    with pytest.raises(InvalidModelCardError, match="list of classes"):
        app.lambda_handler(EVENT, context)


def test_classify_image_class_list_with_another_digest_is_invalid(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    with_class_list(ssm)
    other = {"temperature": 1.0, "class_list": {"sha256": "0" * 64, "parameters": 1}}
    ssm.put_parameter(Name=CARD, Value=json.dumps(other), Overwrite=True)
    text = base64.b64encode(zlib.compress(b'{"labels": ["truck", "automobile"]}')).decode()
    ssm.put_parameter(Name=f"{CARD}/classes/{'0' * 64}/0", Value=text, Type="String")
    answers(endpoint, b"[0.08, 0.92]")
    with pytest.raises(InvalidModelCardError, match="the model card names 0000"):
        app.lambda_handler(EVENT, context)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", ModelCardAccessDeniedError),
        ("ThrottlingException", ModelCardUnavailableError),
    ],
)
def test_classify_image_class_list_error_is_named(
    ssm: "SSMClient", endpoint: Stubber, context: Any, code: str, error: type[Exception]
) -> None:
    with_class_list(ssm)
    answers(endpoint, b"[0.08, 0.92]")
    with Stubber(app.class_lists()) as lists:
        lists.add_client_error("get_parameters", code)
        with pytest.raises(error, match=f"{CARD}/classes"):
            app.lambda_handler(EVENT, context)


@pytest.mark.parametrize(
    "place", [None, [], {"sha256": "0" * 64}, {"sha256": "0" * 64, "parameters": 11}, {"sha256": 1}]
)
def test_classify_image_card_with_an_unusable_class_list_is_invalid(
    ssm: "SSMClient", endpoint: Stubber, context: Any, place: Any
) -> None:
    card = json.dumps({"temperature": 1.0, "class_list": place})
    ssm.put_parameter(Name=CARD, Value=card, Type="String")
    answers(endpoint, b"[0.08, 0.92]")
    with pytest.raises(InvalidModelCardError, match="names no list of classes"):
        app.lambda_handler(EVENT, context)


@pytest.mark.usefixtures("model_card")
def test_classify_image_model_card_is_read_once(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    for _ in range(2):
        answers(endpoint, b"[0.08, 0.92]")
    app.lambda_handler(EVENT, context)
    ssm.delete_parameter(Name=CARD)
    assert [0.08, 0.92] == app.lambda_handler(EVENT, context)["predictions"]


def test_classify_image_missing_model_card_is_not_found(context: Any) -> None:
    with pytest.raises(ModelCardNotFoundError, match=CARD):
        app.lambda_handler(EVENT, context)


def test_classify_image_wrong_model_card_is_invalid(
    ssm: "SSMClient", endpoint: Stubber, context: Any
) -> None:
    ssm.put_parameter(Name=CARD, Value="truck", Type="String")
    answers(endpoint, b"[0.08, 0.92]")
    with pytest.raises(InvalidModelCardError):
        app.lambda_handler(EVENT, context)


def test_classify_image_unreachable_model_card_is_unavailable(
    ssm: "SSMClient", context: Any, failing_call: Any
) -> None:
    failure = ReadTimeoutError(endpoint_url="http://127.0.0.1")
    with (
        failing_call(ssm, "before-call.ssm.GetParameter", failure),
        pytest.raises(ModelCardUnavailableError, match="Read timeout"),
    ):
        app.lambda_handler(EVENT, context)


def test_classify_image_without_image_is_refused(context: Any) -> None:
    with pytest.raises(InvalidImageDataError):
        app.lambda_handler({}, context)


@pytest.mark.usefixtures("model_card")
@pytest.mark.parametrize(
    "body", [b"<html>Bad Gateway</html>", b"[0.2, 0.3, 0.5]", b"[NaN, NaN]", b"0" * 10_000_000]
)
def test_classify_image_garbage_is_an_invalid_prediction(
    endpoint: Stubber, context: Any, body: bytes
) -> None:
    answers(endpoint, body)
    with pytest.raises(InvalidPredictionError):
        app.lambda_handler(EVENT, context)


@pytest.mark.usefixtures("model_card")
def test_classify_image_unknown_endpoint_is_not_found(endpoint: Stubber, context: Any) -> None:
    message = f"Endpoint {ENDPOINT} of account 123456789012 not found."
    endpoint.add_client_error("invoke_endpoint", "ValidationError", message, 400)
    with pytest.raises(EndpointNotFoundError, match=ENDPOINT):
        app.lambda_handler(EVENT, context)


@pytest.mark.usefixtures("model_card")
def test_classify_image_model_that_refuses_is_named(endpoint: Stubber, context: Any) -> None:
    original = {"OriginalStatusCode": 400, "OriginalMessage": "not an image"}
    endpoint.add_client_error(
        "invoke_endpoint", "ModelError", "refused", 424, modeled_fields=original
    )
    with pytest.raises(ImageRejectedByModelError, match="not an image"):
        app.lambda_handler(EVENT, context)


@pytest.mark.usefixtures("model_card")
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), EndpointTimeoutError),
        (ConnectTimeoutError(endpoint_url="http://127.0.0.1"), EndpointTimeoutError),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1"), EndpointUnavailableError),
    ],
)
def test_classify_image_unreachable_endpoint_is_named(
    context: Any, failing_call: Any, failure: Exception, expected: type[Exception]
) -> None:
    with (
        failing_call(
            app.sagemaker_runtime(), "before-call.sagemaker-runtime.InvokeEndpoint", failure
        ),
        pytest.raises(expected, match=ENDPOINT),
    ):
        app.lambda_handler(EVENT, context)


class BrokenBody(BytesIO):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    def read(self, *_args: Any, **_options: Any) -> bytes:
        raise self.failure


TIMED_OUT = RawReadTimeoutError(None, "", "timed out")  # type: ignore[arg-type]


@pytest.mark.usefixtures("model_card")
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (TIMED_OUT, EndpointTimeoutError),
        (ProtocolError("connection broken"), EndpointUnavailableError),
    ],
)
def test_classify_image_broken_answer_is_named(
    endpoint: Stubber, context: Any, failure: Exception, expected: type[Exception]
) -> None:
    answers(endpoint, BrokenBody(failure), 100)
    with pytest.raises(expected, match=ENDPOINT):
        app.lambda_handler(EVENT, context)


@pytest.mark.usefixtures("model_card")
def test_classify_image_metrics_have_the_endpoint_latency(
    endpoint: Stubber, context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    answers(endpoint, b"[0.08, 0.92]")
    app.lambda_handler(EVENT, context)
    assert emitted_metrics()["EndpointLatency"][0] > 0


@pytest.mark.usefixtures("model_card")
def test_classify_image_retry_is_counted(
    endpoint: Stubber, context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    answers(endpoint, b"[0.08, 0.92]")
    app.lambda_handler({**EVENT, "retry_count": 2}, context)
    assert [1] == emitted_metrics()["Retries"]


@pytest.mark.usefixtures("model_card")
def test_classify_image_image_stays_out_of_logs(
    endpoint: Stubber, context: Any, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answers(endpoint, b"[0.08, 0.92]")
    app.lambda_handler(EVENT, context)
    (line,) = log_lines()
    assert "execution-one" == line["correlation_id"]
    assert EVENT["image_data"] not in json.dumps(line)


@pytest.mark.usefixtures("model_card")
def test_classify_image_endpoint_call_is_a_subsegment_without_the_image(
    endpoint: Stubber, context: Any, traced_subsegments: Callable[[], list[dict[str, Any]]]
) -> None:
    answers(endpoint, b"[0.08, 0.92]")
    app.lambda_handler(EVENT, context)
    card, call, handler = traced_subsegments()
    assert ["read_model_card", "invoke_endpoint", "lambda_handler"] == [
        segment["name"].split(".")[-1].removeprefix("## ") for segment in (card, call, handler)
    ]
    assert {handler["id"]} == {card["parent_id"], call["parent_id"]}
    assert EVENT["image_data"] not in json.dumps([card, call, handler])
