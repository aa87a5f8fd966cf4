"""The requests that make an endpoint and let it scale."""

from typing import Any

from training.endpoint.hosting import Hosting, Scaling
from training.models.trained_model import TrainedModel
from training.project.inventory import SCALED, SERVICE_NAMESPACE

VARIANT = "AllTraffic"  # the same in every configuration: scaling, alarms and canaries go by it
# Seconds. Grow fast, shrink slowly: an instance takes minutes to come, and one too many costs cents.
SCALE_OUT_COOLDOWN, SCALE_IN_COOLDOWN = 60, 300

type Tags = list[dict[str, str]]


def model_request(name: str, model: TrainedModel, tags: Tags) -> dict[str, Any]:
    """The members of CreateModel."""
    container = {"Image": model.image, "ModelDataUrl": model.model_data}
    return {"ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": model.role, "Tags": tags}


def endpoint_config_request(name: str, hosting: Hosting, tags: Tags) -> dict[str, Any]:
    """The members of CreateEndpointConfig, for a model of the same name."""
    variant: dict[str, Any] = {"VariantName": VARIANT, "ModelName": name}
    request: dict[str, Any] = {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tags}
    if hosting.instance_type is None:
        variant["ServerlessConfig"] = {"MemorySizeInMB": hosting.memory_mb, "MaxConcurrency": hosting.max_concurrency}
        return request
    variant |= {
        "InstanceType": hosting.instance_type,
        "InitialInstanceCount": hosting.instances,
        "InitialVariantWeight": 1.0,
    }
    if hosting.kms_key:
        request["KmsKeyId"] = hosting.kms_key
    if hosting.capture_url:
        key = {"KmsKeyId": hosting.kms_key} if hosting.kms_key else {}
        request["DataCaptureConfig"] = {
            **key,
            "EnableCapture": True,
            "InitialSamplingPercentage": hosting.capture_percent,
            "DestinationS3Uri": hosting.capture_url,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            # Answers stay readable; whatever is not named here, as images, is captured in base64.
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
    return request


def endpoint_request(endpoint: str, config: str, tags: Tags) -> dict[str, Any]:
    """The members of CreateEndpoint."""
    return {"EndpointName": endpoint, "EndpointConfigName": config, "Tags": tags}


def scaled_variant(endpoint: str) -> dict[str, Any]:
    """The members that name what scales, in every request of Application Auto Scaling."""
    return {
        "ServiceNamespace": SERVICE_NAMESPACE,
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": SCALED,
    }


def scalable_target_request(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """The members of RegisterScalableTarget."""
    return {**scaled_variant(endpoint), "MinCapacity": scaling.smallest, "MaxCapacity": scaling.largest}


def scaling_policy_request(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """The members of PutScalingPolicy: hold the invocations per instance and minute at a target."""
    return {
        **scaled_variant(endpoint),
        "PolicyName": f"{endpoint}-invocations",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": float(scaling.invocations_per_instance),
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleOutCooldown": SCALE_OUT_COOLDOWN,
            "ScaleInCooldown": SCALE_IN_COOLDOWN,
        },
    }
