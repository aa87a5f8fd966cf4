"""Log lines become metrics: embedded metrics of functions, and matches of metric filters."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc

GROUP = "/aws/events/tests"
FUNCTION = {"config": {"FunctionName": "one"}}


def values(name: str, **dimensions: str) -> list[float]:
    points = cloudwatch._metrics.get(("Tests", name, cloudwatch._dims_key(dimensions))) or []
    return [point["Value"] for point in points]


def test_metric_that_a_function_embeds_is_recorded_for_each_set_of_dimensions(
    ministack: Any,
) -> None:
    directive = {
        "Namespace": "Tests",
        "Dimensions": [["service"], ["classification"]],
        "Metrics": [{"Name": "Confidence", "Unit": "None"}],
    }
    line = {
        "_aws": {"CloudWatchMetrics": [directive]},
        "service": "a",
        "classification": "truck",
        "Confidence": [0.92],
    }
    lambda_svc._emit_lambda_logs(
        FUNCTION, "request", f"text\n{json.dumps(line, separators=(',', ':'))}\n", False, 1
    )

    assert (
        [0.92] == values("Confidence", service="a") == values("Confidence", classification="truck")
    )


@pytest.fixture
def written(ministack: Any) -> Any:
    """Put a metric filter on a log group, then write a line there."""
    cloudwatch_logs._create_log_group({"logGroupName": GROUP})
    cloudwatch_logs._create_log_stream({"logGroupName": GROUP, "logStreamName": "events"})

    def write(pattern: str, event: Any, value: str = "1", **dimensions: str) -> None:
        transformation = {"metricNamespace": "Tests", "metricName": "Images", "metricValue": value}
        cloudwatch_logs._put_metric_filter(
            {
                "logGroupName": GROUP,
                "filterName": "images",
                "filterPattern": pattern,
                "metricTransformations": [{**transformation, "dimensions": dimensions}],
            }
        )
        line = {"timestamp": 1, "message": json.dumps(event)}
        cloudwatch_logs._put_log_events(
            {"logGroupName": GROUP, "logStreamName": "events", "logEvents": [line]}
        )

    return write


REJECT = {"detail": {"verdict": "REJECT", "time": 245}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.detail.verdict = "REJECT" }', [1.0]),
        ('{ $.detail.verdict = "APPROVED" }', []),
        ('{ $.detail.verdict = "*" }', [1.0]),
        ("{ $.detail.time = * }", [1.0]),
        ('{ $.detail.time = "*" }', []),
        ("{ $.detail.error = * }", []),
        ("REJECT", []),
    ],
)
def test_metric_filter_takes_the_events_of_its_pattern(
    written: Any, pattern: str, expected: list[float]
) -> None:
    written(pattern, REJECT)
    assert expected == values("Images")


def test_metric_filter_takes_value_and_dimensions_from_the_event(written: Any) -> None:
    written('{ $.detail.verdict = "*" }', REJECT, "$.detail.time", verdict="$.detail.verdict")
    assert [240.0] == values("Images", verdict="REJECT")


def test_metric_filter_ignores_an_event_without_its_dimension(written: Any) -> None:
    written('{ $.detail.verdict = "*" }', REJECT, "1", classification="$.detail.classification")
    assert [] == list(cloudwatch._metrics)


def test_metric_filter_ignores_a_line_that_is_not_an_object(written: Any) -> None:
    written('{ $.detail.verdict = "*" }', "text")
    assert [] == values("Images")
