"""The requests of hosting and scaling, held against AWS's own models of them."""

from collections.abc import Callable
from typing import Any

import pytest

from training.endpoint.hosting import Hosting, Scaling
from training.endpoint.request import (
    endpoint_config_request,
    endpoint_request,
    model_request,
    scalable_target_request,
    scaling_policy_request,
)
from training.models.trained_model import TrainedModel
from training.project.naming import Names

type ValidRequest = Callable[[str, str, dict[str, Any]], None]

TAGS = Names().tag_list
MODEL = TrainedModel(
    "s3://b/model.tar.gz",
    "image:1",
    "arn:aws:iam::1:role/r",
    ("a", "b"),
    "job",
    {},
    "sha256:1",
    None,
    "x",
)
REALTIME = Hosting("realtime", instance_type="ml.m5.large", instances=2)
CAPTURED = Hosting(
    "realtime", "ml.m5.large", capture_percent=20, capture_url="s3://b/captured", kms_key="key"
)
SERVERLESS = Hosting("serverless", memory_mb=2048, max_concurrency=5)
SCALING = Scaling(1, 4, 300)


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("sagemaker", "CreateModel", model_request("m", MODEL, MODEL.role, TAGS)),
        ("sagemaker", "CreateEndpointConfig", endpoint_config_request("m", REALTIME, TAGS)),
        ("sagemaker", "CreateEndpointConfig", endpoint_config_request("m", CAPTURED, TAGS)),
        ("sagemaker", "CreateEndpointConfig", endpoint_config_request("m", SERVERLESS, TAGS)),
        ("sagemaker", "CreateEndpoint", endpoint_request("e", "m", TAGS)),
        (
            "application-autoscaling",
            "RegisterScalableTarget",
            scalable_target_request("e", SCALING),
        ),
        ("application-autoscaling", "PutScalingPolicy", scaling_policy_request("e", SCALING)),
    ],
)
def test_requests_are_valid(
    service: str, operation: str, request_: dict[str, Any], valid_request: ValidRequest
) -> None:
    valid_request(service, operation, request_)


def test_a_serverless_variant_has_no_instances() -> None:
    assert [
        {
            "VariantName": "AllTraffic",
            "ModelName": "m",
            "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
        }
    ] == endpoint_config_request("m", SERVERLESS, TAGS)["ProductionVariants"]


def test_a_variant_runs_on_the_instances_that_were_asked_for() -> None:
    [variant] = endpoint_config_request("m", REALTIME, TAGS)["ProductionVariants"]
    assert "ml.m5.large" == variant["InstanceType"]
    assert 2 == variant["InitialInstanceCount"]


def test_capture_keeps_requests_and_answers_of_a_share() -> None:
    capture = endpoint_config_request("m", CAPTURED, TAGS)["DataCaptureConfig"]
    assert 20 == capture["InitialSamplingPercentage"]
    assert "s3://b/captured" == capture["DestinationS3Uri"]
    assert "key" == capture["KmsKeyId"]
    assert [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}] == capture["CaptureOptions"]


def test_capture_and_encryption_are_off_by_default() -> None:
    assert (
        set()
        == {"DataCaptureConfig", "KmsKeyId"} & endpoint_config_request("m", REALTIME, TAGS).keys()
    )


def test_the_key_is_for_the_volumes_of_the_configuration() -> None:
    assert "key" == endpoint_config_request("m", CAPTURED, TAGS)["KmsKeyId"]


def test_scaling_tracks_invocations_per_instance_of_the_variant() -> None:
    policy = scaling_policy_request("e", SCALING)
    assert "endpoint/e/variant/AllTraffic" == policy["ResourceId"]
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    metric = configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert "SageMakerVariantInvocationsPerInstance" == metric
    assert 300.0 == configuration["TargetValue"]
