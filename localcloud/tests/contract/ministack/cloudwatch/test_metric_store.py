"""Metrics count a value once a minute, by the clock of metrics and alarms."""

import json
from time import time
from typing import Any

import pytest
from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.metric_store import CLOCK, record

MONTH = 30 * 86400.0


@pytest.fixture(autouse=True)
def month_ahead(ministack: Any) -> None:
    CLOCK.put_ahead(MONTH)


def points(namespace: str, name: str, **dimensions: str) -> list[dict[str, Any]]:
    return list(cloudwatch._metrics[namespace, name, cloudwatch._dims_key(dimensions)])


def test_same_value_within_a_minute_is_one_point_with_its_count() -> None:
    CLOCK.put_ahead(30 - time() % 60)  # the middle of a minute
    for value in (0.0, 1.0, 1.0):
        record("Tests", "Retries", value, {"service": "a"}, "Count")
    assert [(0.0, 1.0), (1.0, 2.0)] == [
        (one["Value"], one["Count"]) for one in points("Tests", "Retries", service="a")
    ]


def test_same_value_a_minute_later_is_another_point() -> None:
    for ahead in (0, 60):
        CLOCK.put_ahead(ahead)
        record("Tests", "Retries", 1, {})
    first, second = points("Tests", "Retries")
    assert 60 == second["Timestamp"] - first["Timestamp"]


def test_point_stands_at_the_beginning_of_its_minute() -> None:
    record("Tests", "Retries", 1, {})
    assert [0] == [point["Timestamp"] % 60 for point in points("Tests", "Retries")]


def test_other_dimensions_are_another_metric() -> None:
    for service in ("a", "b"):
        record("Tests", "Retries", 1, {"service": service})
    assert [1.0] == [point["Count"] for point in points("Tests", "Retries", service="a")]


def test_value_is_stored_to_two_significant_digits() -> None:
    record("Tests", "Duration", 1234.5, {}, "Milliseconds")
    assert [1200.0] == [point["Value"] for point in points("Tests", "Duration")]


def test_metrics_of_ministack_are_stored_in_the_same_way() -> None:
    for _ in range(2):
        cloudwatch.record_metric("AWS/Tests", "Invocations", 1, "Count", {"Name": "a"})
    assert [2.0] == [point["Count"] for point in points("AWS/Tests", "Invocations", Name="a")]


def test_metric_of_a_client_gets_the_time_of_the_clock() -> None:
    datum = {"MetricName": "Sent", "Value": 1.0, "Timestamp": 1000.0}
    cloudwatch._put_metric_data({}, {"Namespace": "Tests", "MetricData": [datum]}, False, True)
    assert [1000.0 + MONTH] == [point["Timestamp"] for point in points("Tests", "Sent")]


def test_statistics_of_the_last_minutes_follow_the_clock() -> None:
    record("Tests", "Retries", 1, {"service": "a"}, "Count")
    asked = {
        "Namespace": "Tests",
        "MetricName": "Retries",
        "Dimensions": [{"Name": "service", "Value": "a"}],
    }
    times = {"StartTime": time() - 120, "EndTime": time(), "Period": 60}
    body = cloudwatch._get_metric_statistics(
        {}, {**asked, **times, "Statistics": ["Sum"]}, False, True
    )[2]

    assert [1.0] == [point["Sum"] for point in json.loads(body)["Datapoints"]]
