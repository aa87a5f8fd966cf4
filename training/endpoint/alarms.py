"""The alarms that watch an update: errors and latency of the new instances, and the service's own on failed images.

SageMaker tells the metrics of new instances apart by their endpoint configuration, so what the old ones do neither
hides nor causes anything: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html.
"""

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from training.endpoint.errors import AlarmRingingError
from training.endpoint.request import VARIANT
from training.project import inventory
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

ERROR_SHARE = 0.05  # as in stacks/monitoring.yaml: below, the retries of the workflow do
SLOWER = 2.0  # times the median of before; the median, since a few requests that wait make a mean or a tail
NO_HISTORY = 2_000_000  # microseconds, of an endpoint that nobody asked for a day; as in stacks/monitoring.yaml
# What "before" is, in seconds, with the period of its medians: the load of now if there is any, else that of a day.
BEFORE = ((900, 60), (86_400, 300))
PERIOD = 60  # seconds


def alarm_requests(
    endpoint: str, config: str, before: float | None, tags: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """The members of PutMetricAlarm, for the instances of an endpoint configuration.

    Args:
        endpoint: Its name.
        config: The endpoint configuration that is to come.
        before: Median of the model latency until now, in microseconds; None: unknown.
        tags: Of everything that is ours.
    """
    dimensions = {"EndpointName": endpoint, "VariantName": VARIANT, "EndpointConfigName": config}
    shared = {
        "AlarmDescription": f"Takes the update to {config} back. Made by scones deploy.",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Period": PERIOD,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Tags": tags,
    }
    slow = NO_HISTORY if before is None else SLOWER * before
    errors = {
        "AlarmName": f"{config}-errors",
        "MetricName": "Invocation5XXErrors",
        "Statistic": "Average",
    }
    latency = {
        "AlarmName": f"{config}-latency",
        "MetricName": "ModelLatency",
        "ExtendedStatistic": "p50",
    }
    return [
        shared | errors | {"Threshold": ERROR_SHARE},
        shared | latency | {"Threshold": float(slow)},
    ]


def put(cloudwatch: "CloudWatchClient", names: Names, config: str) -> list[str]:
    """Make the alarms of an update; returns their names, with that of the service's own alarm if it is deployed.

    Answers that are no class probabilities are no errors to SageMaker: what tells of them is that images fail.

    Raises:
        AlarmRingingError: the service's alarm has gone off already.
    """
    failures = f"{names.service}-failed-executions"
    found = cloudwatch.describe_alarms(AlarmNames=[failures])["MetricAlarms"]
    if any(alarm["StateValue"] == "ALARM" for alarm in found):
        raise AlarmRingingError(f"{failures}: {AlarmRingingError.__doc__}")
    requests = alarm_requests(
        names.endpoint, config, _median_latency(cloudwatch, names.endpoint), names.tag_list
    )
    for request in requests:
        cloudwatch.put_metric_alarm(**request)
    return [
        *(request["AlarmName"] for request in requests),
        *(alarm["AlarmName"] for alarm in found),
    ]


def delete(cloudwatch: "CloudWatchClient", names: Names, config: str) -> None:
    """Delete the alarms of the update to an endpoint configuration, where there are any and they are ours."""
    found = cloudwatch.describe_alarms(AlarmNames=[f"{config}-errors", f"{config}-latency"])
    arns = {alarm["AlarmName"]: alarm["AlarmArn"] for alarm in found["MetricAlarms"]}
    if ours := [name for name, arn in arns.items() if is_ours(cloudwatch, names, arn)]:
        cloudwatch.delete_alarms(AlarmNames=ours)


def is_ours(cloudwatch: "CloudWatchClient", names: Names, arn: str) -> bool:
    """Return whether an alarm belongs to the project and the environment."""
    return inventory.carries_our_tags(
        names, cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    )


def _median_latency(cloudwatch: "CloudWatchClient", endpoint: str) -> float | None:
    now, dimensions = datetime.now(UTC), {"EndpointName": endpoint, "VariantName": VARIANT}
    for seconds, period in BEFORE:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="ModelLatency",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(seconds=seconds),
            EndTime=now,
            Period=period,
            ExtendedStatistics=["p50"],
        )["Datapoints"]
        if points:
            return median(point["ExtendedStatistics"]["p50"] for point in points)
    return None
