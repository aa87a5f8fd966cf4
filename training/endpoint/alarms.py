"""Watch an update with alarms on the new instances, and with the service's alarm on failed images.

SageMaker distinguishes the metrics of old and new instances by endpoint configuration, so the old
instances cannot hide or cause an alarm:
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html.
"""

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from training.endpoint.errors import AlarmActiveError
from training.endpoint.request import VARIANT
from training.project import inventory
from training.project.naming import Names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

ERROR_SHARE = 0.05  # as in stacks/monitoring.yaml; the workflow's retries cover a smaller share
SLOWER = 2.0  # times the earlier median; a few waiting requests distort a mean or a percentile
# Microseconds, for an endpoint without requests for a day, as in stacks/monitoring.yaml.
NO_HISTORY = 2_000_000
# Earlier windows in seconds, with the period of their medians: recent load, else the last day.
BEFORE = ((900, 60), (86_400, 300))
PERIOD = 60  # seconds


def alarm_requests(
    endpoint: str, config: str, before: float | None, tags: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """Return the PutMetricAlarm requests for the instances of an endpoint configuration.

    Args:
        endpoint: Name of the endpoint.
        config: The new endpoint configuration.
        before: Median model latency before the update in microseconds, None if unknown.
        tags: The project's tags.
    """
    dimensions = {"EndpointName": endpoint, "VariantName": VARIANT, "EndpointConfigName": config}
    shared = {
        "AlarmDescription": f"Rolls back the update to {config}. Created by scones deploy.",
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
    """Create the alarms of an update. Return their names and the name of the service's alarm.

    SageMaker does not count invalid answers as errors. The service's alarm detects them, because
    images fail then.

    Raises:
        AlarmActiveError: The service's alarm is already in ALARM.
    """
    failures = f"{names.service}-failed-executions"
    found = cloudwatch.describe_alarms(AlarmNames=[failures])["MetricAlarms"]
    if any(alarm["StateValue"] == "ALARM" for alarm in found):
        raise AlarmActiveError(f"{failures} is in ALARM. {AlarmActiveError.__doc__}")

    requests = alarm_requests(
        names.endpoint, config, _median_latency(cloudwatch, names.endpoint), names.tag_list
    )
    for request in requests:
        cloudwatch.put_metric_alarm(**request)
    return [
        *(request["AlarmName"] for request in requests),
        *(alarm["AlarmName"] for alarm in found),
    ]


def states(cloudwatch: "CloudWatchClient", names: Names, config: str) -> dict[str, str]:
    """Return the states of the alarms of an update by short names, such as `errors`."""
    failures = f"{names.service}-failed-executions"
    short_names = {f"{config}-errors": "errors", f"{config}-latency": "latency"}
    short_names[failures] = "failed executions"
    found = cloudwatch.describe_alarms(AlarmNames=list(short_names))["MetricAlarms"]
    return {short_names[alarm["AlarmName"]]: alarm["StateValue"] for alarm in found}


def delete(cloudwatch: "CloudWatchClient", names: Names, config: str) -> None:
    """Delete the project's alarms of the update to an endpoint configuration, if any exist."""
    found = cloudwatch.describe_alarms(AlarmNames=[f"{config}-errors", f"{config}-latency"])
    arns = {alarm["AlarmName"]: alarm["AlarmArn"] for alarm in found["MetricAlarms"]}
    owned = [name for name, arn in arns.items() if is_ours(cloudwatch, names, arn)]
    if owned:
        cloudwatch.delete_alarms(AlarmNames=owned)


def is_ours(cloudwatch: "CloudWatchClient", names: Names, arn: str) -> bool:
    """Return whether an alarm belongs to the project and the environment."""
    return inventory.carries_our_tags(
        names, cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    )


def _median_latency(cloudwatch: "CloudWatchClient", endpoint: str) -> float | None:
    now = datetime.now(UTC)
    dimensions = {"EndpointName": endpoint, "VariantName": VARIANT}

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
