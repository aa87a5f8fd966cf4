"""The update of an endpoint watches MiniStack's alarms, which are evaluated on each read."""

from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.metric_store import record
from localcloud.ministack.sagemaker.alarms import MiniStackAlarms
from localcloud.tests.contract.conftest import ACCOUNT

ALARM = {
    "AlarmName": "errors",
    "Namespace": "AWS/SageMaker",
    "MetricName": "Invocation5XXErrors",
    "Dimensions": [{"Name": "EndpointConfigName", "Value": "new"}],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 1,
    "Threshold": 0.05,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def test_alarm_is_evaluated_at_the_read_after_the_metric(ministack: Any) -> None:
    cloudwatch._put_metric_alarm({}, ALARM, False, True)
    states = MiniStackAlarms(ACCOUNT).states
    assert {"errors": "OK"} == states("us-east-1", ["errors", "no such alarm"])
    record("AWS/SageMaker", "Invocation5XXErrors", 1, {"EndpointConfigName": "new"})
    assert {"errors": "ALARM"} == states("us-east-1", ["errors"])
