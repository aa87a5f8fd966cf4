"""Compare models on a temporary endpoint, and reuse stored answers without an endpoint."""

import io
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.training.fake_clients import hooked
from training.dataset.dataset import Dataset, StagedImage
from training.endpoint.answers import Classifier
from training.endpoint.comparison import ModelComparison, endpoint_config_request
from training.endpoint.request import model_request
from training.models.promotion_errors import ComparisonEndpointError
from training.models.registry import Package
from training.project.inventory import comparison_endpoints
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split")

type Registered = Callable[..., Package]
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGES = [StagedImage(f"datasets/cars/test/{number}.png", number % 2) for number in range(4)]


@pytest.fixture
def comparison(staged_context: Context, staged_dataset: Dataset) -> ModelComparison:
    for image in IMAGES:
        staged_context.aws.s3.put_object(Bucket="photos", Key=image.key, Body=b"image")
    classifier = Classifier(
        staged_context.aws, "", staged_dataset, staged_context.console, workers=2
    )
    folder = staged_context.run.folder
    return ModelComparison(
        classifier, staged_context.names, folder, ROLE, "ml.m5.large", timeout=60
    )


@pytest.fixture
def invoked(staged_context: Context) -> Iterator[list[str]]:
    """Record the called variants; each answers every image; the fifth request is interrupted."""
    asked: list[str] = []

    def invoke(params: dict[str, Any], **_: Any) -> Any:
        asked.append(params["headers"]["X-Amzn-SageMaker-Target-Variant"])
        if len(asked) == 5:
            raise KeyboardInterrupt
        answer = {
            "Body": io.BytesIO(b"[0.5, 0.5]"),
            "InvokedProductionVariant": asked[-1],
            "ResponseMetadata": {},
        }
        return SimpleNamespace(status_code=200), answer

    with hooked(staged_context.aws.sagemaker_runtime, InvokeEndpoint=invoke):
        yield asked


@pytest.fixture
def failing(staged_context: Context) -> Iterator[None]:
    """Endpoints that cannot be brought into service."""

    def fail(parsed: dict[str, Any], **_: Any) -> None:
        parsed |= {"EndpointStatus": "Failed", "FailureReason": "The ping health check failed."}

    events, call = staged_context.aws.sagemaker.meta.events, "after-call.sagemaker.DescribeEndpoint"
    events.register(call, fail)
    yield
    events.unregister(call, fail)


@pytest.fixture
def creating(staged_context: Context) -> Iterator[None]:
    """Endpoints whose creation is interrupted, and that SageMaker does not delete meanwhile."""

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    def refuse(**_: Any) -> Any:
        error = {
            "Error": {
                "Code": "ValidationException",
                "Message": "Cannot update in-progress endpoint",
            }
        }
        return SimpleNamespace(status_code=400, headers={}), error | {"ResponseMetadata": {}}

    with hooked(staged_context.aws.sagemaker, DescribeEndpoint=interrupt, DeleteEndpoint=refuse):
        yield


def names(context: Context) -> list[str]:
    """All that a comparison makes and that could not be deleted."""
    sagemaker = context.aws.sagemaker
    return [
        *comparison_endpoints(context.aws.sagemaker, context.names),
        *(
            found["EndpointConfigName"]
            for found in sagemaker.list_endpoint_configs()["EndpointConfigs"]
        ),
        *(found["ModelName"] for found in sagemaker.list_models()["Models"]),
    ]


def test_every_model_answers_every_image_and_the_endpoint_is_deleted(
    staged_context: Context, comparison: ModelComparison, registered: Registered, invoked: list[str]
) -> None:
    [package] = [registered("first")]
    answers = comparison.answers([package], IMAGES)
    assert IMAGES == [answer.image for answer in answers[1]]
    assert [] == names(staged_context)


def test_interrupted_comparison_leaves_only_the_answers_it_has(
    staged_context: Context, comparison: ModelComparison, registered: Registered, invoked: list[str]
) -> None:
    packages = [registered("first"), registered("second")]
    with pytest.raises(KeyboardInterrupt):
        comparison.answers(packages, IMAGES)
    assert [] == names(staged_context)
    assert set(comparison.answers(packages, IMAGES)) == {1, 2}
    assert 4 == invoked.count("v1")


def test_answers_that_are_there_need_no_endpoint(
    staged_context: Context,
    comparison: ModelComparison,
    registered: Registered,
    invoked: list[str],
    shown: io.StringIO,
) -> None:
    package = registered("first")
    first = comparison.answers([package], IMAGES)
    assert first == comparison.answers([package], IMAGES)
    assert 1 == shown.getvalue().count("The temporary endpoint")


def test_failed_endpoint_is_deleted_and_its_reason_reported(
    staged_context: Context, comparison: ModelComparison, registered: Registered, failing: None
) -> None:
    with pytest.raises(ComparisonEndpointError, match="ping health check"):
        comparison.answers([registered("first")], IMAGES)
    assert [] == names(staged_context)


def test_endpoint_that_cannot_be_deleted_yet_retains_its_configuration_and_model(
    staged_context: Context,
    comparison: ModelComparison,
    registered: Registered,
    creating: None,
    shown: io.StringIO,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        comparison.answers([registered("first")], IMAGES)
    [endpoint, config, model] = names(staged_context)
    assert endpoint == config
    assert endpoint == model
    assert f"{endpoint} could not be deleted" in shown.getvalue()


def test_the_requests_are_ones_that_botocore_would_send(
    registered: Registered, valid_request: Callable[[str, str, dict[str, Any]], None]
) -> None:
    tags = [{"Key": "project", "Value": "cars"}]
    valid_request("sagemaker", "CreateModel", model_request("one", registered("first"), ROLE, tags))
    config = endpoint_config_request("two", {2: "two", 1: "one"}, "ml.m5.large", tags)
    valid_request("sagemaker", "CreateEndpointConfig", config)
    assert ["v2", "v1"] == [variant["VariantName"] for variant in config["ProductionVariants"]]
