"""CloudWatch refuses alarms that it cannot evaluate."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

ALARM = {
    "AlarmName": "errors",
    "Namespace": "Tests",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}
REFUSED = [
    ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
    ({"Period": 0.5}, "Period must be 10, 20, 30 or a multiple of 60"),
    (
        {"Period": 60, "EvaluationPeriods": 1441},
        "Metrics cannot be checked across more than a day "
        "(EvaluationPeriods * Period must be <= 86400) for alarms using period < 3600",
    ),
    (
        {"Period": 3600, "EvaluationPeriods": 169},
        "Metrics cannot be checked across more than a week "
        "(EvaluationPeriods * Period must be <= 604800) for alarms using period >= 3600",
    ),
    ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
]
ALLOWED: list[dict[str, Any]] = [
    {"Period": 20},
    {"Period": 60, "EvaluationPeriods": 1440},
    {"Period": 3600, "EvaluationPeriods": 168},
    {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
]

pytestmark = pytest.mark.usefixtures("ministack")


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_request_for_an_alarm_beyond_the_limits_is_refused(changes: Any, message: str) -> None:
    status, headers, body = cloudwatch._put_metric_alarm({}, {**ALARM, **changes}, False, True)
    assert 400 == status
    assert "ValidationError" == headers["x-amzn-errortype"]
    assert message == json.loads(body)["message"]
    assert [] == list(cloudwatch._alarms)


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_alarm_of_a_template_beyond_the_limits_fails(changes: Any, message: str) -> None:
    with pytest.raises(ValueError, match="Resource handler returned message") as raised:
        provisioners._provision_resource(
            "AWS::CloudWatch::Alarm", "One", {**ALARM, **changes}, "stack"
        )
    assert f'"{message} (Service: CloudWatch, Status Code: 400)"' in str(raised.value)
    assert [] == list(cloudwatch._alarms)


@pytest.mark.parametrize("changes", ALLOWED)
def test_alarm_at_the_limits_is_created(changes: dict[str, Any]) -> None:
    assert 200 == cloudwatch._put_metric_alarm({}, {**ALARM, **changes}, False, True)[0]


def test_alarm_of_the_query_protocol_is_checked_too() -> None:
    request = {name: [str(value)] for name, value in {**ALARM, "Period": 45}.items()}
    status, _, body = cloudwatch._put_metric_alarm(request, {}, False)
    assert 400 == status
    assert b"<Code>ValidationError</Code>" in body
