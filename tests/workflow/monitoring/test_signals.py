"""A decided image causes metrics by class and outcome, and log lines with one correlation id."""

import json
from typing import Any

import pytest

from localcloud.server.cloud import Cloud
from tests.workflow.deployed import Deployed, Run
from tests.workflow.monitoring.rehearsal import PHOTO

FUNCTIONS = ("serialize-image", "classify-image", "filter-inferences")


@pytest.fixture(scope="module")
def decided(service: Deployed) -> Run:
    """An image that was decided."""
    return service.start({"image_url": service.archive(PHOTO, "signals.jpg")})


def lines(cloud: Cloud, group: str) -> list[dict[str, Any]]:
    """The JSON objects in a log group."""
    pages = cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    messages = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(message) for message in messages if message.startswith("{")]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_log_of_every_function_names_the_execution(
    cloud: Cloud, service: Deployed, decided: Run, function: str
) -> None:
    found = [
        one.get("correlation_id") for one in lines(cloud, f"/aws/lambda/{service.stack}-{function}")
    ]
    assert 1 == found.count(decided.execution)


def test_log_of_the_workflow_names_the_execution(cloud: Cloud, service: Deployed) -> None:
    failed = service.start({"image_url": "nothing"})
    group = f"/aws/vendedlogs/states/{service.stack}-image-classification"
    found = [one["type"] for one in lines(cloud, group) if one["execution_arn"] == failed.execution]
    assert ["ExecutionFailed"] == found


def test_failure_in_a_function_is_logged_with_execution_and_class(
    cloud: Cloud, service: Deployed
) -> None:
    failed = service.start({"image_url": service.archive(b"no image", "signals.txt")})
    found = lines(cloud, f"/aws/lambda/{service.stack}-serialize-image")
    [line] = [one for one in found if one.get("correlation_id") == failed.execution]
    assert "UnsupportedImageFormatError" == line["exception_name"]


def test_decision_is_a_line_with_the_whole_result(
    cloud: Cloud, service: Deployed, decided: Run
) -> None:
    found = lines(cloud, f"/aws/events/{service.stack}-decisions")
    [line] = [one for one in found if decided.execution in one["resources"]]
    assert decided.output == line["detail"]


def test_metrics_count_images_by_outcome_and_class(
    cloud: Cloud, service: Deployed, decided: Run
) -> None:
    metrics = cloud.client("cloudwatch").list_metrics(
        Namespace=f"SconesUnlimited/{service.stack}", MetricName="Images"
    )
    found = [
        {one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in metrics["Metrics"]
    ]
    outcome = {"outcome": decided.output["outcome"]}
    assert outcome in found
    assert {**outcome, "classification": decided.output["classification"]} in found


def test_functions_publish_confidence_latency_time_and_retries(
    cloud: Cloud, service: Deployed, decided: Run
) -> None:
    metrics = cloud.client("cloudwatch").list_metrics(Namespace=f"SconesUnlimited/{service.stack}")[
        "Metrics"
    ]
    of_service = {
        one["MetricName"]
        for one in metrics
        if [d["Name"] for d in one["Dimensions"]] == ["service"]
    }
    assert {"Confidence", "EndpointLatency", "SerializeTime", "Retries"} <= of_service
