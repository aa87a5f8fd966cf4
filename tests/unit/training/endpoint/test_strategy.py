"""The ways in which an update moves the requests, as requests to SageMaker and CloudWatch."""

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from training.endpoint.alarms import NO_HISTORY, alarm_requests
from training.endpoint.hosting import Hosting, HostingOptionsError
from training.endpoint.strategy import Strategy, add_strategy_arguments

TWO = Hosting("realtime", instance_type="ml.m5.large", instances=2)
ONE = Hosting("realtime", instance_type="ml.m5.large")
SERVERLESS = Hosting("serverless", memory_mb=2048, max_concurrency=5)


def strategy(*arguments: str, hosting: Hosting = TWO) -> Strategy | None:
    parser = argparse.ArgumentParser()
    add_strategy_arguments(parser)
    return Strategy.of(parser.parse_args(arguments), hosting)


def test_an_update_is_not_watched_unless_asked() -> None:
    assert strategy() is None


def test_canary_is_monitored_twice_and_linear_update_after_every_step() -> None:
    assert Strategy("canary", 50, 300) == strategy("--strategy", "canary")
    seconds = [
        Strategy(kind, 30, 60).seconds for kind in ("canary", "linear", "all-at-once", "rolling")
    ]
    assert [120, 240, 60, 240] == seconds  # linear and rolling: 30, 60, 90 and 100 percent


@pytest.mark.parametrize("kind", ["canary", "linear", "all-at-once"])
def test_a_deployment_is_what_sagemaker_takes(
    valid_request: Callable[..., None], kind: str
) -> None:
    watched = Strategy(kind, 25, 120).request(["errors"])
    update = {"EndpointName": "trucks", "EndpointConfigName": "new", **watched}
    valid_request("sagemaker", "UpdateEndpoint", update)
    routing = watched["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert {"CanarySize": "canary" == kind, "LinearStepSize": "linear" == kind} == {
        name: name in routing for name in ("CanarySize", "LinearStepSize")
    }


def test_rolling_update_and_its_rollback_need_one_batch_more(
    valid_request: Callable[..., None],
) -> None:
    watched = Strategy("rolling", 5, 120).request(["errors"])
    valid_request(
        "sagemaker",
        "UpdateEndpoint",
        {"EndpointName": "trucks", "EndpointConfigName": "new", **watched},
    )
    batch = {"Type": "CAPACITY_PERCENT", "Value": 5}
    policy = {
        "MaximumBatchSize": batch,
        "RollbackMaximumBatchSize": batch,
        "WaitIntervalInSeconds": 120,
    }
    rollback = {"Alarms": [{"AlarmName": "errors"}]}
    assert {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": rollback} == watched[
        "DeploymentConfig"
    ]


def test_only_a_rolling_update_waits_for_new_instances_more_than_once() -> None:
    kinds = ("canary", "linear", "all-at-once", "rolling")
    patience = [Strategy(kind, 30, 60).patience(1000) for kind in kinds]
    assert [1120, 1240, 1060, 4240] == patience


def test_step_below_ten_percent_is_for_a_rolling_update() -> None:
    assert Strategy("rolling", 5, 300) == strategy("--strategy", "rolling", "--share", "0.05")
    with pytest.raises(
        HostingOptionsError,
        match=r"--share 0.05 is only for --strategy rolling\. For linear use at least 0.1",
    ):
        strategy("--strategy", "linear", "--share", "0.05")


def test_one_instance_cannot_be_divided_and_has_no_canary() -> None:
    for kind in ("canary", "rolling"):
        with pytest.raises(HostingOptionsError, match="--instances 2"):
            strategy("--strategy", kind, hosting=ONE)


@pytest.mark.parametrize("kind", ["canary", "linear", "all-at-once", "rolling"])
def test_no_update_of_a_serverless_endpoint_is_watched(kind: str) -> None:
    with pytest.raises(
        HostingOptionsError, match=f"--strategy {kind} cannot be used with --mode serverless"
    ):
        strategy("--strategy", kind, hosting=SERVERLESS)


def test_monitoring_period_too_short_for_any_alarm_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        strategy("--strategy", "all-at-once", "--monitoring-period", "119s")
    assert "120s" in capsys.readouterr().err


def test_options_of_a_strategy_without_one_are_refused() -> None:
    with pytest.raises(HostingOptionsError, match="need --strategy"):
        strategy("--monitoring-period", "2m")


def test_alarms_watch_the_new_instances_alone(valid_request: Callable[..., None]) -> None:
    requests: list[dict[str, Any]] = alarm_requests("trucks", "new", 5000.0, [])
    for request in requests:
        valid_request("cloudwatch", "PutMetricAlarm", request)
        assert {"Name": "EndpointConfigName", "Value": "new"} in request["Dimensions"]


@pytest.mark.parametrize(("median", "threshold"), [(5000.0, 10_000.0), (None, float(NO_HISTORY))])
def test_slow_is_twice_the_median_of_before(median: float | None, threshold: float) -> None:
    [slow] = [
        one
        for one in alarm_requests("trucks", "new", median, [])
        if one["MetricName"] == "ModelLatency"
    ]
    assert threshold == slow["Threshold"]
