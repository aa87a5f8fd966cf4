"""Update endpoints in batches of instances, with alarms that roll back."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.unit.sagemaker.conftest import Cloud
from localcloud.tests.unit.sagemaker.hosting.test_blue_green import (
    ALARMS,
    LONG,
    answering,
    canary,
    wait_for_baking,
)

HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


def rolling(batch: dict[str, Any] = HALF, wait: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "RollingUpdatePolicy": {"MaximumBatchSize": batch, "WaitIntervalInSeconds": wait, **more}
    }


@pytest.fixture
def update(cloud: Cloud) -> Callable[..., None]:
    """Start an update of an endpoint with four instances, from the model "old" to "new"."""
    for model in ("old", "new"):
        cloud.create_model(model, model)
        variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large"}
        variants: Any = [variant | {"InitialInstanceCount": 4}]
        cloud.control.create_endpoint_config(EndpointConfigName=model, ProductionVariants=variants)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="old")
    assert "InService" == cloud.settle("trucks")
    cloud.alarms.known["errors"] = "OK"

    def begin(policy: dict[str, Any], config: str = "new") -> None:
        deployment: Any = {**policy, "AutoRollbackConfiguration": ALARMS}
        cloud.control.update_endpoint(
            EndpointName="trucks", EndpointConfigName=config, DeploymentConfig=deployment
        )

    return begin


@pytest.mark.parametrize(
    "batch",
    [HALF, {"Type": "INSTANCE_COUNT", "Value": 1}, {"Type": "CAPACITY_PERCENT", "Value": 5}],
)
def test_rolling_update_ends_on_the_new_model(
    cloud: Cloud, update: Callable[..., None], batch: dict[str, Any]
) -> None:
    update(rolling(batch, RollbackMaximumBatchSize=batch))
    assert "InService" == cloud.settle("trucks")
    assert Counter(new=20) == answering(cloud, 20)
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert batch == described["LastDeploymentConfig"]["RollingUpdatePolicy"]["MaximumBatchSize"]


def test_every_batch_has_a_monitoring_period(cloud: Cloud, update: Callable[..., None]) -> None:
    update(rolling({"Type": "INSTANCE_COUNT", "Value": 1}, LONG))
    for share in ("25%", "50%", "75%", "100%"):
        wait_for_baking(cloud, f"{share} of the traffic")
        cloud.alarms.ahead += LONG
    assert "InService" == cloud.settle("trucks")
    assert "new" == cloud.control.describe_endpoint(EndpointName="trucks")["EndpointConfigName"]


@pytest.mark.parametrize("share", ["50%", "100%"])
def test_alarm_rolls_the_update_back_at_any_batch(
    cloud: Cloud, update: Callable[..., None], share: str
) -> None:
    update(rolling(wait=LONG))
    wait_for_baking(cloud, "50% of the traffic")
    if share == "100%":
        cloud.alarms.ahead += LONG
        wait_for_baking(cloud, "100% of the traffic")
    cloud.alarms.known["errors"] = "ALARM"
    assert "InService" == cloud.settle("trucks")
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert "old" == described["EndpointConfigName"]
    assert "errors" in described["FailureReason"]
    assert Counter(old=20) == answering(cloud, 20)


def test_update_that_takes_too_long_is_rolled_back(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    update(rolling(wait=LONG, MaximumExecutionTimeoutInSeconds=600))
    wait_for_baking(cloud, "50% of the traffic")
    cloud.alarms.ahead += 600
    assert "InService" == cloud.settle("trucks")
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert "old" == described["EndpointConfigName"]
    assert "MaximumExecutionTimeout" in described["FailureReason"]


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (rolling({"Type": "CAPACITY_PERCENT", "Value": 4}), "5% to 50% of the instance count"),
        (rolling({"Type": "CAPACITY_PERCENT", "Value": 51}), "5% to 50%"),
        (rolling({"Type": "INSTANCE_COUNT", "Value": 3}), "5% to 50%"),
        (
            rolling() | {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": canary()}},
            "Only one update policy should be used",
        ),
    ],
)
def test_rolling_policy_that_aws_refuses_is_refused(
    cloud: Cloud, update: Callable[..., None], policy: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        update(policy)
    assert "old" == cloud.control.describe_endpoint(EndpointName="trucks")["EndpointConfigName"]


def test_rolling_update_of_several_variants_is_refused(
    cloud: Cloud, update: Callable[..., None]
) -> None:
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
    variants: Any = [
        {"VariantName": name, "ModelName": "new", **instances} for name in ("AllTraffic", "b")
    ]
    cloud.control.create_endpoint_config(EndpointConfigName="two", ProductionVariants=variants)
    with pytest.raises(ClientError, match="the same variant names before and after"):
        update(rolling(), "two")
    cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="two")
    assert "InService" == cloud.settle("trucks")
    with pytest.raises(ClientError, match="not supported for several production variants"):
        update(rolling(), "two")
