"""Build the requests that create an endpoint and its auto-scaling."""

from typing import Any, Protocol

from training.endpoint.hosting import Hosting, Scaling
from training.models.containers import container
from training.project.inventory import SCALED, SERVICE_NAMESPACE

VARIANT = "AllTraffic"  # in every configuration; scaling, alarms and canaries depend on it
# Seconds. Scale out fast and in slowly: a start takes minutes, a surplus instance costs cents.
SCALE_OUT_COOLDOWN, SCALE_IN_COOLDOWN = 60, 300

type Tags = list[dict[str, str]]


class Servable(Protocol):
    """A model that can be served: a trained model, or a package of the model registry."""

    @property
    def image(self) -> str:
        """Return the URI of the container image."""

    @property
    def model_data(self) -> str:
        """Return the S3 URL of the model.tar.gz."""

    @property
    def model_digest(self) -> str | None:
        """Return the sha256 of the model.tar.gz, None if it is unknown."""


def model_request(
    name: str, model: Servable, role: str, tags: Tags, *, serverless: bool = False
) -> dict[str, Any]:
    """Return the CreateModel request. It names no registry package, which would need approval.

    The containers of both algorithms need no network. Serverless endpoints do not support network
    isolation ("Deploy models with Amazon SageMaker Serverless Inference", feature exclusions).
    """
    isolation = {} if serverless else {"EnableNetworkIsolation": True}
    return {
        "ModelName": name,
        "PrimaryContainer": container(model.image, model.model_data, model.model_digest),
        "ExecutionRoleArn": role,
        "Tags": tags,
        **isolation,
    }


def instance_variant(
    variant: str, model: str, instance_type: str, instances: int = 1
) -> dict[str, Any]:
    """Return a production variant on instances, with a weight of 1."""
    return {
        "VariantName": variant,
        "ModelName": model,
        "InstanceType": instance_type,
        "InitialInstanceCount": instances,
        "InitialVariantWeight": 1.0,
    }


def endpoint_config_request(name: str, hosting: Hosting, tags: Tags) -> dict[str, Any]:
    """Return the CreateEndpointConfig request for a model of the same name."""
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
            # JSON answers stay readable; other content, such as images, is captured in base64.
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
    return request


def endpoint_request(endpoint: str, config: str, tags: Tags) -> dict[str, Any]:
    """Return the CreateEndpoint request."""
    return {"EndpointName": endpoint, "EndpointConfigName": config, "Tags": tags}


def scaled_variant(endpoint: str) -> dict[str, Any]:
    """Return the members that name the scaled variant in requests of Application Auto Scaling."""
    return {
        "ServiceNamespace": SERVICE_NAMESPACE,
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": SCALED,
    }


def scalable_target_request(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """Return the RegisterScalableTarget request."""
    return {
        **scaled_variant(endpoint),
        "MinCapacity": scaling.smallest,
        "MaxCapacity": scaling.largest,
    }


def scaling_policy_request(endpoint: str, scaling: Scaling) -> dict[str, Any]:
    """Return the PutScalingPolicy request with a target of invocations per instance and minute."""
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
