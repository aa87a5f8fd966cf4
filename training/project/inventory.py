"""What exists on AWS of a project and stage. Whose something is, its tags say; its name only helps to find it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from cli.aws import code_of
from training.project.step import Context

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

SERVICE_NAMESPACE: Final = "sagemaker"
SCALED: Final = "sagemaker:variant:DesiredInstanceCount"


def is_absent(error: ClientError) -> bool:
    """Whether an error says that what was named does not exist; SageMaker has no code of its own for that."""
    return code_of(error) in ("ObjectNotFoundException", "ParameterNotFound") or (
        code_of(error) == "ValidationException" and "Could not find" in str(error)
    )


def find_endpoint(context: Context, name: str | None = None) -> "DescribeEndpointOutputTypeDef | None":
    """The endpoint of the stage, or another one, whoever made it; None if there is none."""
    try:
        return context.aws.sagemaker.describe_endpoint(EndpointName=name or context.names.endpoint)
    except ClientError as exc:
        if is_absent(exc):
            return None
        raise


def comparison_endpoints(context: Context) -> Iterator[str]:
    """Names of our endpoints beside that of the stage: what a comparison by `promote` left when it was cut off."""
    pages = context.aws.sagemaker.get_paginator("list_endpoints").paginate(NameContains=f"{context.names.service}-v")
    for page in pages:
        yield from (found["EndpointName"] for found in page["Endpoints"] if is_ours(context, found["EndpointArn"]))


def carries_our_tags(context: Context, tags: list[Any]) -> bool:
    """Whether a list of AWS tags has those of the project and the stage; the run may be another."""
    found = {tag["Key"]: tag["Value"] for tag in tags}
    return all(found.get(key) == context.names.tags[key] for key in ("project", "stage"))


def is_ours(context: Context, arn: str) -> bool:
    """Whether something of SageMaker belongs to the project and the stage."""
    return carries_our_tags(context, context.aws.sagemaker.list_tags(ResourceArn=arn)["Tags"])


def models(context: Context) -> Iterator[str]:
    """Names of our models, the newest first."""
    pages = context.aws.sagemaker.get_paginator("list_models").paginate(NameContains=f"{context.names.service}-")
    for page in pages:
        yield from (found["ModelName"] for found in page["Models"] if is_ours(context, found["ModelArn"]))


def endpoint_configs(context: Context) -> Iterator[str]:
    """Names of our endpoint configurations, the newest first."""
    paginator = context.aws.sagemaker.get_paginator("list_endpoint_configs")
    for page in paginator.paginate(NameContains=f"{context.names.service}-"):
        for found in page["EndpointConfigs"]:
            if is_ours(context, found["EndpointConfigArn"]):
                yield found["EndpointConfigName"]


def scalable_targets(context: Context) -> list[Any]:
    """The scalable targets of the endpoint's variants, each with its "ScalingPolicies"."""
    autoscaling, beginning = context.aws.autoscaling, f"endpoint/{context.names.endpoint}/"
    pages = autoscaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace=SERVICE_NAMESPACE, ScalableDimension=SCALED
    )
    found: list[Any] = [target for page in pages for target in page["ScalableTargets"]]
    return [
        target | {"ScalingPolicies": _policies(context, target["ResourceId"])}
        for target in found
        if target["ResourceId"].startswith(beginning)
    ]


def alarms(context: Context) -> Iterator[Any]:
    """The CloudWatch alarms on metrics of the endpoint, whoever made them."""
    for page in context.aws.cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=["MetricAlarm"]):
        for alarm in page["MetricAlarms"]:
            watched = [*alarm.get("Dimensions", []), *_metric_dimensions(alarm)]
            if {"Name": "EndpointName", "Value": context.names.endpoint} in watched:
                yield alarm


def _metric_dimensions(alarm: Any) -> Iterator[Any]:
    for query in alarm.get("Metrics", []):
        yield from query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])


def _policies(context: Context, resource: str) -> list[Any]:
    paginator = context.aws.autoscaling.get_paginator("describe_scaling_policies")
    pages = paginator.paginate(ServiceNamespace=SERVICE_NAMESPACE, ScalableDimension=SCALED, ResourceId=resource)
    return [policy for page in pages for policy in page["ScalingPolicies"]]
