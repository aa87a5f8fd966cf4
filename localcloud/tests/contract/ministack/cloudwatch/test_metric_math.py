"""GetMetricData and PutMetricAlarm refuse metric math, in every protocol of CloudWatch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from localcloud.server.cloud import Cloud

MESSAGE = "Metric math in GetMetricData is not emulated by the local cloud: m1 [*] 2"
METRIC = {"Namespace": "Tests", "MetricName": "Uploads"}
PLAIN: dict[str, Any] = {"Id": "m1", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}}
MATH: dict[str, Any] = {"Id": "e1", "Expression": "m1 * 2"}


def get(cloud: Cloud, *queries: dict[str, Any]) -> Any:
    now = datetime.now(UTC)
    window = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=1)}
    return cloud.client("cloudwatch").get_metric_data(MetricDataQueries=[*queries], **window)


def test_metric_math_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=f"UnknownOperationException.*{MESSAGE}"):
        get(cloud, PLAIN, MATH)


def test_metric_math_is_refused_in_the_query_protocol(ministack: Any) -> None:
    params = {"MetricDataQueries.member.1.Id": ["e1"]}
    params["MetricDataQueries.member.1.Expression"] = ["m1 * 2"]
    status, _, body = cloudwatch._get_metric_data(params, {}, False)
    assert 400 == status
    assert b"is not emulated by the local cloud: m1 * 2" in body


def test_metric_without_math_is_returned(cloud: Cloud) -> None:
    datum = {"MetricName": "Uploads", "Value": 3.0}
    cloud.client("cloudwatch").put_metric_data(Namespace="Tests", MetricData=[datum])
    [result] = get(cloud, PLAIN)["MetricDataResults"]
    assert [3.0] == result["Values"]


ALARM: dict[str, Any] = {
    "AlarmName": "math",
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
ALARM_MESSAGE = "Metrics of PutMetricAlarm is not emulated by the local cloud"


def test_alarm_on_metric_math_is_refused(cloud: Cloud) -> None:
    client = cloud.client("cloudwatch")
    with pytest.raises(ClientError, match=f"UnknownOperationException.*{ALARM_MESSAGE}"):
        client.put_metric_alarm(**ALARM, Metrics=[PLAIN, MATH])
    assert [] == client.describe_alarms(AlarmNames=["math"])["MetricAlarms"]


def test_alarm_on_metric_math_is_refused_in_the_query_protocol(ministack: Any) -> None:
    params = {"AlarmName": ["math"], "Metrics.member.1.Id": ["e1"]}
    status, _, body = cloudwatch._put_metric_alarm(params, {}, False)
    assert 400 == status
    assert ALARM_MESSAGE.encode() in body
    assert "math" not in cloudwatch._alarms


def test_alarm_on_metric_math_fails_its_stack(ministack: Any) -> None:
    with pytest.raises(ValueError, match=ALARM_MESSAGE):
        provisioners._provision_resource(
            "AWS::CloudWatch::Alarm", "Alarm", {**ALARM, "Metrics": [PLAIN, MATH]}, "stack"
        )
    assert "math" not in cloudwatch._alarms
