"""CloudWatch Logs refuses broken patterns, and accepts the patterns of its user guide."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from localcloud.ministack.logs.filter_patterns import FilterPatternError, check_pattern

TRANSFORMATION = {"metricName": "Images", "metricNamespace": "Tests", "metricValue": "1"}
BROKEN = [
    "{ $.a = 1",
    "{ a = 1 }",
    "{ $.a }",
    "{ $.a = }",
    "{ $.a == 1 }",
    '{ $.a = "one }',
    "{ $.a = one@two }",
    "{ $.a > one }",
    "{ $.a = 1 && }",
    "{ ($.a = 1 }",
    "{ $.a = 1 $.b = 2 }",
    "{ $.a IS SOMETHING }",
    "[ip, user",
    "[ip user]",
    "[ip, bytes > many]",
    "error:",
    "a.b",
    '"open',
    "%(group)%",
]
VALID = [
    "",
    "ERROR",
    "ERROR Exception",
    '"ERROR" - "Exiting"',
    "ERROR -WARN",
    "?ERROR ?WARN",
    "%colou?r%",
    '{ $.eventType = "UpdateTrail" }',
    "{ $.sourceIPAddress != 123.123.* }",
    '{ $.arrayKey[0] = "value" }',
    "{ $.objectList[1].id = 2 }",
    "{ $.SomeObject IS NULL }",
    "{ $.SomeOtherObject NOT EXISTS }",
    "{ $.ThisFlag IS TRUE }",
    '{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }',
    '{ $.user.email = "a" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
    '{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }',
    "{ $.numbers[0] < 10e-3 }",
    "{ $.latency > +1000 }",
    "{ $.eventType = %Trail% }",
    "{$.foo = bar}",
    "{ $.latency = * }",
    "[..., status_code, bytes]",
    "[ip, user, ..., status_code, bytes]",
    "[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]",
    "[ip, status_code = 4* && status_code != 403, bytes > 1000]",
    "[w1=!ERROR&&w1=!WARN, w2]",
    "[..., request=*.html*, status_code=4*,]",
]


@pytest.fixture(autouse=True)
def group(ministack: Any) -> None:
    cloudwatch_logs._create_log_group({"logGroupName": "/one"})


def put(pattern: str, **transformation: Any) -> tuple[int, Any]:
    request = {
        "logGroupName": "/one",
        "filterName": "images",
        "filterPattern": pattern,
        "metricTransformations": [{**TRANSFORMATION, **transformation}],
    }
    status, _, body = cloudwatch_logs._put_metric_filter(request)
    return status, json.loads(body or "{}")


def provision(pattern: str, **transformation: Any) -> None:
    made = {name[0].upper() + name[1:]: value for name, value in TRANSFORMATION.items()}
    properties = {
        "LogGroupName": "/one",
        "FilterPattern": pattern,
        "MetricTransformations": [{**made, **transformation}],
    }
    provisioners._provision_resource("AWS::Logs::MetricFilter", "One", properties, "stack")


@pytest.mark.parametrize("pattern", BROKEN)
def test_broken_pattern_is_not_read(pattern: str) -> None:
    with pytest.raises(FilterPatternError):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", VALID)
def test_pattern_of_the_user_guide_is_read(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{ $.a == 1 }", "Invalid metric filter pattern"),
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"),
        ("ERROR a.b", "Invalid character(s) in term 'a.b'"),
    ],
)
def test_metric_filter_with_a_broken_pattern_is_refused(pattern: str, message: str) -> None:
    status, answer = put(pattern)
    assert 400 == status
    assert "InvalidParameterException" == answer["__type"]
    assert message == answer["message"]

    with pytest.raises(ValueError, match="Resource handler returned message") as raised:
        provision(pattern)

    assert f'"{message} (Service: CloudWatchLogs, Status Code: 400)"' in str(raised.value)
    assert [] == list(cloudwatch_logs._metric_filters)


@pytest.mark.parametrize("operation", ["_filter_log_events", "_put_subscription_filter"])
def test_search_and_subscription_with_a_broken_pattern_are_refused(operation: str) -> None:
    request = {"logGroupName": "/one", "filterPattern": "{ $.a == 1 }"}
    status, _, body = getattr(cloudwatch_logs, operation)(request)
    assert 400 == status
    assert "Invalid filter pattern" == json.loads(body)["message"]


def test_dimensions_need_a_pattern_with_fields() -> None:
    message = "The specified filter pattern does not support dimensions"
    dimensions = {"outcome": "$.outcome"}
    assert message == put("ERROR", dimensions=dimensions)[1]["message"]
    assert 200 == put('{ $.outcome = "*" }', dimensions=dimensions)[0]
    with pytest.raises(ValueError, match=message):
        provision("ERROR", Dimensions=[{"Key": "outcome", "Value": "$.outcome"}])
