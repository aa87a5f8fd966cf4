"""Lambda function classify_image: get class probabilities from the SageMaker endpoint."""

import os
from collections.abc import Mapping
from contextlib import closing
from functools import cache, lru_cache, partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parameters import GetParameterError, SSMProvider
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as NoConnectionError
from observability.failure_log import function_logger, log_failure
from observability.xray_provider import lambda_tracer
from urllib3.exceptions import HTTPError

from functions.classify_image.class_list import ClassListPlace
from functions.classify_image.embedding import packed
from functions.classify_image.endpoint import (
    EndpointColdStartError,
    EndpointTimeoutError,
    EndpointUnavailableError,
    endpoint_error,
)
from functions.classify_image.image_data import parse_image_data
from functions.classify_image.model_card import (
    ModelCard,
    ModelCardNotFoundError,
    OtherModelError,
    asks_verbose,
    card_error,
    is_serverless,
    parse_model_card,
)
from functions.classify_image.prediction import (
    MAX_ANSWER_BYTES,
    Answer,
    calibrate,
    listed,
    parse_answer,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_ssm import SSMClient

# Seconds. All calls end before the function's timeout. The endpoint is called once: only the
# workflow repeats the call, so that its retries bound the load on a failing endpoint.
SSM_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)
# The list of a model's classes is read once for the life of the process.
CLASS_LIST_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1}
)
ENDPOINT_CONFIG = Config(
    connect_timeout=1, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 1}
)
# A serverless endpoint holds a request while it starts, for minutes: longer waits make fewer calls.
# Reading the model card and one wait end before the function's timeout; the workflow retries.
SERVERLESS_CONFIG = ENDPOINT_CONFIG.merge(Config(read_timeout=15))
MODEL_CARD_MAX_AGE = 60  # seconds
CLASS_LISTS = 8  # kept: a change of models and an A/B test need four
JSON = "application/json"
VERBOSE_JSON = f"{JSON};verbose=true"  # with the model's digest and the image's embedding

logger = function_logger()
tracer = lambda_tracer()
metrics = Metrics()


@cache
def parameters() -> SSMProvider:
    """Return the caching parameter reader, made at first use: an import needs no region."""
    return SSMProvider(boto3_client=boto3.client("ssm", config=SSM_CONFIG))


@cache
def class_lists() -> "SSMClient":
    """Return the client that reads lists of classes."""
    return boto3.client("ssm", config=CLASS_LIST_CONFIG)


@cache
def sagemaker_runtime(*, serverless: bool = False) -> "SageMakerRuntimeClient":
    """Return the client, made at first use: an import needs no region and no credentials."""
    return boto3.client(
        "sagemaker-runtime", config=SERVERLESS_CONFIG if serverless else ENDPOINT_CONFIG
    )


@tracer.capture_method(capture_response=False)
def read_model_card(parameter: str, *, again: bool = False) -> str:
    """Return the model card in its SSM parameter, cached for `MODEL_CARD_MAX_AGE` seconds.

    Raises:
        ModelCardNotFoundError, ModelCardAccessDeniedError, ModelCardUnavailableError: no card.
    """
    try:
        return str(parameters().get(parameter, max_age=MODEL_CARD_MAX_AGE, force_fetch=again))
    except GetParameterError as exc:
        # Powertools wraps botocore's error without naming it as the cause.
        raise card_error(parameter, exc.__context__) from exc


@lru_cache(CLASS_LISTS)
@tracer.capture_method(capture_response=False)
def read_class_list(card: str, place: ClassListPlace) -> Mapping[str, Any]:
    """Return the labels and the class_thresholds that do not fit into the card's parameter.

    A list never changes, so it is kept as long as the process lives.

    Raises:
        ModelCardNotFoundError, ModelCardAccessDeniedError, ModelCardUnavailableError: no list.
        ValueError: the list is not the one that the card names; `parse_model_card` names the error.
    """
    names, client = place.names(card), class_lists()
    try:
        answer = client.get_parameters(Names=names)
    except (ClientError, BotoCoreError) as exc:
        raise card_error(f"{card}/classes", exc) from exc
    if missing := answer["InvalidParameters"]:
        raise ModelCardNotFoundError(
            f"The model card {card} needs its list of classes, and {missing[0]} does not exist. "
            "`scones deploy` writes it."
        )
    parts = {one["Name"]: one["Value"] for one in answer["Parameters"]}
    return place.members(parts[name] for name in names)


def model_card_of(variant: str, digest: str | None, card: str, parameter: str) -> ModelCard:
    """Return the model card of the model that answered; read the card again if it is too old.

    `scones deploy` writes the card before another variant or model can answer, so that one more
    reading is enough.

    Raises:
        InvalidModelCardError, OtherModelError: the card is unusable.
        Exception: as `read_model_card` and `read_class_list`.
    """
    class_list = partial(read_class_list, parameter)
    try:
        return parse_model_card(card, variant, class_list, digest)
    except OtherModelError:
        text = read_model_card(parameter, again=True)
        return parse_model_card(text, variant, class_list, digest)


@tracer.capture_method(capture_response=False)
def invoke_endpoint(
    endpoint: str, image: bytes, *, serverless: bool, accept: str = JSON
) -> tuple[bytes, str]:
    """Send the image to the endpoint; return its answer, bounded in size, and the variant.

    Raises:
        EndpointThrottledError, EndpointUnavailableError, EndpointTimeoutError: try again later.
        EndpointColdStartError, EndpointConcurrencyError: the same, for a serverless endpoint.
        EndpointNotFoundError, EndpointAccessDeniedError: the endpoint cannot be used.
        ImageRejectedByModelError: the model refuses the image.
    """
    client = sagemaker_runtime(serverless=True) if serverless else sagemaker_runtime()
    started = perf_counter()

    try:
        answer = client.invoke_endpoint(
            EndpointName=endpoint,
            Body=image,
            ContentType="application/x-image",
            Accept=accept,
        )
        with closing(answer["Body"]) as body:
            return body.read(MAX_ANSWER_BYTES + 1), answer["InvokedProductionVariant"]
    except ClientError as exc:
        raise endpoint_error(endpoint, exc.response, serverless=serverless) from exc
    except ReadTimeoutError as exc:
        error = EndpointColdStartError if serverless else EndpointTimeoutError
        raise error(f"The endpoint {endpoint} did not answer in time: {exc}") from exc
    except ConnectTimeoutError as exc:
        raise EndpointTimeoutError(
            f"The endpoint {endpoint} did not answer in time: {exc}"
        ) from exc
    except (NoConnectionError, HTTPClientError, IncompleteReadError, HTTPError) as exc:
        raise EndpointUnavailableError(f"The endpoint {endpoint} cannot be reached: {exc}") from exc
    finally:
        metrics.add_metric(
            name="EndpointLatency",
            unit=MetricUnit.Milliseconds,
            value=(perf_counter() - started) * 1000,
        )


def classified(card: ModelCard, answer: Answer, endpoint: str, variant: str) -> dict[str, Any]:
    """Build the answer: calibrated class probabilities, model, thresholds and embedding.

    With more than 100 classes it holds the ten largest probabilities, and of the review classes
    those among the ten: `listed` says why.

    Raises:
        InvalidPredictionError: the endpoint did not answer one probability for each class.
    """
    probabilities = calibrate(answer.checked(len(card.labels)), card.temperature)
    prediction = card.labels[probabilities.index(max(probabilities))]
    largest = listed(dict(zip(card.labels, probabilities, strict=True)))
    embedding = (
        packed(card.embedding_space, answer.embedding)
        if card.embedding_space and answer.embedding
        else None
    )
    return {
        "predictions": list(largest.values()),
        "class_probabilities": largest,
        "endpoint": endpoint,
        "variant": variant,
        "model_digest": card.model_digest,
        "recommended_threshold": card.threshold(prediction),
        "review_classes": [label for label in card.review_classes if label in largest],
        "embedding": embedding,
    }


@logger.inject_lambda_context(correlation_id_path="execution", clear_state=True, log_event=False)
@log_failure(logger)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer `{image_data, content_type}` with class probabilities.

    The name of an error's class is the error's name in the workflow definition.
    """
    metrics.add_metric(name="ClassifyRequests", unit=MetricUnit.Count, value=1)
    endpoint = os.environ["ENDPOINT_NAME"]
    image = parse_image_data(event)
    metrics.add_metric(
        name="Retries", unit=MetricUnit.Count, value=int(event.get("retry_count", 0) > 0)
    )

    # The card comes first: without it no call of the endpoint is wasted.
    parameter = os.environ["MODEL_CARD_PARAMETER"]
    text = read_model_card(parameter)
    accept = VERBOSE_JSON if asks_verbose(text) else JSON
    body, variant = invoke_endpoint(endpoint, image, serverless=is_serverless(text), accept=accept)
    answer = parse_answer(body)
    card = model_card_of(variant, answer.model_digest, text, parameter)

    result = classified(card, answer, endpoint, variant)
    # An embedding describes what the image shows; logs have nothing of an image.
    logged = {name: value for name, value in result.items() if name != "embedding"}
    logger.info("Image classified", **logged)
    return result
