"""List a project's resources on AWS for one environment.

Tags decide ownership; names only narrow the search.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

SERVICE_NAMESPACE: Final = "sagemaker"
SCALED: Final = "sagemaker:variant:DesiredInstanceCount"


def is_absent(error: ClientError) -> bool:
    """Return whether an error says that a resource does not exist.

    SageMaker reports a missing resource as a validation error.
    """
    return code_of(error) in ("ObjectNotFoundException", "ParameterNotFound") or (
        code_of(error) == "ValidationException" and "Could not find" in str(error)
    )


def find_endpoint(
    sagemaker: "SageMakerClient", name: str
) -> "DescribeEndpointOutputTypeDef | None":
    """Describe an endpoint of any owner; return None if it does not exist."""
    try:
        return sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as exc:
        if is_absent(exc):
            return None
        raise


def comparison_endpoints(sagemaker: "SageMakerClient", names: Names) -> Iterator[str]:
    """Yield the names of the endpoints that an interrupted comparison by `promote` left."""
    pages = sagemaker.get_paginator("list_endpoints").paginate(NameContains=f"{names.service}-v")
    for page in pages:
        for found in page["Endpoints"]:
            if is_ours(sagemaker, names, found["EndpointArn"]):
                yield found["EndpointName"]


def carries_our_tags(names: Names, tags: Iterable[Any]) -> bool:
    """Return whether AWS tags name the project and the environment; any run matches."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    # Resources of earlier releases carry the tag `stage` instead.
    environment = found.get("environment", found.get("stage"))

    return found.get("project") == names.project and environment == names.environment


def is_ours(sagemaker: "SageMakerClient", names: Names, arn: str) -> bool:
    """Return whether a resource of SageMaker belongs to the project and the environment."""
    return carries_our_tags(names, sagemaker.list_tags(ResourceArn=arn)["Tags"])


def models(sagemaker: "SageMakerClient", names: Names) -> Iterator[str]:
    """Yield the names of the project's models, the newest first."""
    pages = sagemaker.get_paginator("list_models").paginate(NameContains=f"{names.service}-")
    for page in pages:
        for found in page["Models"]:
            if is_ours(sagemaker, names, found["ModelArn"]):
                yield found["ModelName"]


def endpoint_configs(sagemaker: "SageMakerClient", names: Names) -> Iterator[str]:
    """Yield the names of the project's endpoint configurations, the newest first."""
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(
        NameContains=f"{names.service}-"
    )
    for page in pages:
        for found in page["EndpointConfigs"]:
            if is_ours(sagemaker, names, found["EndpointConfigArn"]):
                yield found["EndpointConfigName"]


def scalable_targets(autoscaling: "ApplicationAutoScalingClient", endpoint: str) -> list[Any]:
    """List the scalable targets of an endpoint's variants, each with its "ScalingPolicies"."""
    pages = autoscaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace=SERVICE_NAMESPACE, ScalableDimension=SCALED
    )
    found: list[Any] = [target for page in pages for target in page["ScalableTargets"]]
    return [
        target | {"ScalingPolicies": _policies(autoscaling, target["ResourceId"])}
        for target in found
        if target["ResourceId"].startswith(f"endpoint/{endpoint}/")
    ]


def alarms(cloudwatch: "CloudWatchClient", endpoint: str) -> Iterator[Any]:
    """Yield the CloudWatch alarms on metrics of an endpoint, of any owner."""
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        for alarm in page["MetricAlarms"]:
            watched = [*alarm.get("Dimensions", []), *_metric_dimensions(alarm)]
            if {"Name": "EndpointName", "Value": endpoint} in watched:
                yield alarm


def _metric_dimensions(alarm: Any) -> Iterator[Any]:
    for query in alarm.get("Metrics", []):
        yield from query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])


def _policies(autoscaling: "ApplicationAutoScalingClient", resource: str) -> list[Any]:
    paginator = autoscaling.get_paginator("describe_scaling_policies")
    pages = paginator.paginate(
        ServiceNamespace=SERVICE_NAMESPACE, ScalableDimension=SCALED, ResourceId=resource
    )
    return [policy for page in pages for policy in page["ScalingPolicies"]]
