"""The requests that make an endpoint and let it scale."""

from typing import Any, Protocol

from training.endpoint.hosting import Hosting, Scaling
from training.project.inventory import SCALED, SERVICE_NAMESPACE

VARIANT = "AllTraffic"  # the same in every configuration: scaling, alarms and canaries go by it
# Seconds. Grow fast, shrink slowly: an instance takes minutes to come, and one too many costs cents.
SCALE_OUT_COOLDOWN, SCALE_IN_COOLDOWN = 60, 300

type Tags = list[dict[str, str]]


class Servable(Protocol):
    """A model that can be served: a trained model, or a package of the model registry."""

    @property
    def image(self) -> str:
        """The URI of the container image that runs it."""

    @property
    def model_data(self) -> str:
        """The S3 URL of its model.tar.gz."""


def model_request(name: str, model: Servable, role: str, tags: Tags) -> dict[str, Any]:
    """Return the members of CreateModel. They name no package of the registry: that would need its approval."""
    container = {"Image": model.image, "ModelDataUrl": model.model_data}
    return {
        "ModelName": name,
        "PrimaryContainer": container,
        "ExecutionRoleArn": role,
        "Tags": tags,
    }


def instance_variant(
    variant: str, model: str, instance_type: str, instances: int = 1
) -> dict[str, Any]:
    """Return a production variant that runs on instances, with a weight of 1."""
    return {
        "VariantName": variant,
        "ModelName": model,
        "InstanceType": instance_type,
        "InitialInstanceCount": instances,
        "InitialVariantWeight": 1.0,
    }


def endpoint_config_request(name: str, hosting: Hosting, tags: Tags) -> dict[str, Any]:
    """The members of CreateEndpointConfig, for a model of the same name."""
    if hosting.instance_type is None:
        serverless = {
            "MemorySizeInMB": hosting.memory_mb,
            "MaxConcurrency": hosting.max_concurrency,
        }
        variant = {"VariantName": VARIANT, "ModelName": name, "ServerlessConfig": serverless}
        return {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tags}

    variant = instance_variant(VARIANT, name, hosting.instance_type, hosting.instances)
    request: dict[str, Any] = {
        "EndpointConfigName": name,
        "ProductionVariants": [variant],
        "Tags": tags,
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
    return {
        **scaled_variant(endpoint),
        "MinCapacity": scaling.smallest,
        "MaxCapacity": scaling.largest,
    }


def scaling_policy_request(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """The members of PutScalingPolicy: hold the invocations per instance and minute at a target."""
    return {
        **scaled_variant(endpoint),
        "PolicyName": f"{endpoint}-invocations",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": float(scaling.invocations_per_instance),
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleOutCooldown": SCALE_OUT_COOLDOWN,
            "ScaleInCooldown": SCALE_IN_COOLDOWN,
        },
    }
