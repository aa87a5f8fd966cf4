"""Update endpoints in steps, with alarms that roll back, and with shadow variants."""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.unit.sagemaker.conftest import Cloud

ALARMS = {"Alarms": [{"AlarmName": "errors"}]}
LONG = 3600  # seconds: no test waits for its end


def canary(percent: int = 50, wait: int = 0) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    return {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": wait}


def linear(percent: int, wait: int = 0) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    return {"Type": "LINEAR", "LinearStepSize": size, "WaitIntervalInSeconds": wait}


@pytest.fixture
def update(cloud: Cloud) -> Callable[..., None]:
    """Start an update from the model "old" to the model "new", with an alarm in state OK."""
    for model in ("old", "new"):
        cloud.create_model(model, model)
        variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large"}
        variants: Any = [variant | {"InitialInstanceCount": 2}]
        cloud.control.create_endpoint_config(EndpointConfigName=model, ProductionVariants=variants)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="old")
    assert "InService" == cloud.settle("trucks")
    cloud.alarms.known["errors"] = "OK"

    def begin(routing: dict[str, Any], termination_wait: int = 0) -> None:
        policy: Any = {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": termination_wait,
        }
        deployment: Any = {"BlueGreenUpdatePolicy": policy, "AutoRollbackConfiguration": ALARMS}
        cloud.control.update_endpoint(
            EndpointName="trucks", EndpointConfigName="new", DeploymentConfig=deployment
        )

    return begin


def answering(cloud: Cloud, requests: int = 60) -> Counter[str]:
    """Return how many requests each model answers."""
    bodies = (
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"image")["Body"]
        for _ in range(requests)
    )
    return Counter(json.loads(body.read())["model"] for body in bodies)


def wait_for_baking(cloud: Cloud, share: str) -> None:
    """Wait until the new fleet has this share of the traffic."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        pending: Any = cloud.control.describe_endpoint(EndpointName="trucks").get(
            "PendingDeploymentSummary", {}
        )
        if share in json.dumps(pending.get("ProductionVariants", []), default=str):
            return
        time.sleep(0.005)
    raise AssertionError(f"The new fleet does not have {share} within ten seconds.")


@pytest.mark.parametrize(
    "routing", [canary(), linear(30), {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}]
)
def test_update_ends_on_the_new_model_when_no_alarm_goes_off(
    cloud: Cloud, update: Callable[..., None], routing: dict[str, Any]
) -> None:
    update(routing)
    assert "InService" == cloud.settle("trucks")
    assert Counter(new=60) == answering(cloud)
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert ALARMS == described["LastDeploymentConfig"]["AutoRollbackConfiguration"]


def test_canary_answers_its_share_during_the_monitoring_period(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    update(canary(50, LONG))
    wait_for_baking(cloud, "50% of the traffic")
    answered = answering(cloud)  # one fleet answers all 60 by chance once in 10^18 runs
    assert {"old", "new"} == answered.keys()
    cloud.alarms.known["errors"] = "ALARM"
    cloud.settle("trucks")


@pytest.mark.parametrize(
    ("routing", "wait", "share"),
    [(canary(10, LONG), 0, "10%"), (linear(40, LONG), 0, "40%"), (canary(), LONG, "100%")],
)
def test_alarm_rolls_the_update_back_at_any_step(
    cloud: Cloud, update: Callable[..., None], routing: dict[str, Any], wait: int, share: str
) -> None:
    update(routing, wait)
    wait_for_baking(cloud, f"{share} of the traffic")
    cloud.alarms.known["errors"] = "ALARM"
    assert "InService" == cloud.settle("trucks")
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert "old" == described["EndpointConfigName"]
    assert "errors" in described["FailureReason"]
    assert Counter(old=60) == answering(cloud)


def test_monitoring_period_follows_the_clock_of_the_alarms(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    update(canary(50, LONG), LONG)
    for share in ("50%", "100%"):
        wait_for_baking(cloud, f"{share} of the traffic")
        cloud.alarms.ahead += LONG
    assert "InService" == cloud.settle("trucks")
    assert "new" == cloud.control.describe_endpoint(EndpointName="trucks")["EndpointConfigName"]


def test_restarted_cloud_begins_the_update_again(cloud: Cloud, update: Callable[..., None]) -> None:
    update(canary(10, LONG))
    wait_for_baking(cloud, "10% of the traffic")
    cloud.restart()
    wait_for_baking(cloud, "10% of the traffic")
    cloud.alarms.known["errors"] = "ALARM"
    assert "InService" == cloud.settle("trucks")
    assert Counter(old=60) == answering(cloud)


def test_metrics_of_the_new_fleet_have_their_own_dimension(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    update(canary())
    cloud.settle("trucks")
    answering(cloud, 3)
    cloud.publish()
    counted = {
        tuple(one["Value"] for one in metric["Dimensions"]): sum(metric["Counts"])
        for metric in cloud.telemetry.metrics
        if metric["MetricName"] == "Invocations"
    }
    assert {("trucks", "AllTraffic"): 3, ("trucks", "AllTraffic", "new"): 3} == counted


@pytest.mark.parametrize(
    ("routing", "message"),
    [
        (canary(60), "at most 50%"),
        (linear(5), "at least 10%"),
        ({"Type": "CANARY", "WaitIntervalInSeconds": 0}, "needs a CanarySize"),
    ],
)
def test_size_out_of_bounds_is_refused(
    cloud: Cloud, update: Callable[..., None], routing: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        update(routing)
    assert "InService" == cloud.settle("trucks")


def test_watched_update_to_a_serverless_variant_is_refused(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    cloud.control.delete_endpoint(EndpointName="trucks")
    serverless: Any = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    for model in ("old", "new"):
        variant: Any = {
            "VariantName": "AllTraffic",
            "ModelName": model,
            "ServerlessConfig": serverless,
        }
        cloud.control.delete_endpoint_config(EndpointConfigName=model)
        cloud.control.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="old")
    assert "InService" == cloud.settle("trucks")
    with pytest.raises(ClientError, match="not supported for serverless"):
        update({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 120})


def test_alarm_that_does_not_exist_is_refused(cloud: Cloud, update: Callable[..., None]) -> None:
    cloud.alarms.known.clear()
    with pytest.raises(ClientError, match="errors could not be found"):
        update(canary())


@pytest.mark.parametrize("action", ["sts:AssumeRole", "cloudwatch:DescribeAlarms"])
def test_alarm_that_the_execution_role_may_not_describe_is_refused(
    cloud: Cloud, update: Callable[..., None], action: str
) -> None:
    cloud.iam.denied.add(action)
    with pytest.raises(ClientError, match=f"not authorized to perform: {action}"):
        update(canary())
    assert "old" == cloud.control.describe_endpoint(EndpointName="trucks")["EndpointConfigName"]


def test_update_without_alarms_needs_no_permission_of_the_role(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    cloud.iam.denied.add("cloudwatch:DescribeAlarms")
    cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="new")
    assert "InService" == cloud.settle("trucks")


def test_shadow_variant_gets_a_copy_and_only_metrics_show_its_answer(cloud: Cloud) -> None:
    cloud.create_model("old", "old")
    cloud.create_model("broken", "crash")
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    variants: Any = [{"VariantName": "AllTraffic", "ModelName": "old", **instances}]
    shadows: Any = [{"VariantName": "shadow", "ModelName": "broken", **instances}]
    cloud.control.create_endpoint_config(
        EndpointConfigName="shadowed", ProductionVariants=variants, ShadowProductionVariants=shadows
    )
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="shadowed")
    cloud.settle("trucks")
    assert Counter(old=5) == answering(cloud, 5)
    cloud.publish()
    errors = {
        metric["Dimensions"][1]["Value"]: metric["Values"]
        for metric in cloud.telemetry.metrics
        if metric["MetricName"] == "Invocation5XXErrors"
    }
    assert {"AllTraffic": [0.0], "shadow": [1.0]} == errors
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert ["shadow"] == [one["VariantName"] for one in described["ShadowProductionVariants"]]


def test_two_shadow_variants_are_refused(cloud: Cloud) -> None:
    cloud.create_model("old", "old")
    variants: Any = [
        {
            "VariantName": name,
            "ModelName": "old",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        for name in ("a", "b", "c")
    ]
    with pytest.raises(ClientError, match="exactly one"):
        cloud.control.create_endpoint_config(
            EndpointConfigName="shadowed",
            ProductionVariants=variants[:1],
            ShadowProductionVariants=variants[1:],
        )
