"""Deploy a shadow variant, show its metrics, and refuse invalid options."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.training.fake_hosting import interrupt, roll_back, serving
from training.endpoint.errors import RolledBackError, ServerlessEndpointError
from training.endpoint.hosting import HostingOptionsError
from training.models.model_card import read_model_card
from training.steps.context import Context

type Deploy = Callable[..., dict[str, Any]]
type ModelUrl = Callable[[str], str]


def test_shadow_changes_only_the_configuration_in_the_model_card(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    card = deploy()["model_card"]
    result = deploy("--shadow", "--model-data", model_url("better"))
    assert card | {"endpoint_config": serving(trained)} == read_model_card(
        trained.aws.ssm, trained.names.model_card
    )
    assert serving(trained) == result["endpoint_config"] != card["endpoint_config"]


def test_repeated_shadow_creates_nothing_and_shows_both_metrics(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy()
    shadow = ("--shadow", "--model-data", model_url("better"))
    assert {"requests": None, "error_share": None, "median_latency": None} == deploy(*shadow)[
        "variants"
    ]["shadow"]
    hosting.changes.clear()
    dimensions = {"EndpointName": "scones-unlimited", "VariantName": "shadow"}
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data: Any = [
        {"MetricName": name, "Dimensions": named, "Timestamp": datetime.now(UTC), "Value": value}
        for name, value in (
            ("Invocations", 1.0),
            ("Invocations", 1.0),
            ("Invocation5XXErrors", 0.5),
        )
    ]
    trained.aws.cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=data)
    hosting.changes.clear()
    result = deploy(*shadow)["variants"]["shadow"]
    assert 2.0 == result["requests"]
    assert 0.5 == result["error_share"]
    assert {"PutParameter", "AddTagsToResource"} == set(hosting.changes)


def test_shadow_that_sagemaker_rolled_back_leaves_no_resources(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    first = deploy()["endpoint_config"]
    with pytest.raises(RolledBackError, match="ping health check"):
        deploy("--shadow", "--model-data", model_url("broken"))
    configs = trained.aws.sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert [first] == [one["EndpointConfigName"] for one in configs]


def test_shadow_that_was_interrupted_before_its_card_is_rolled_back(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    first = deploy()
    # Model and configuration are made, the endpoint moves.
    interrupt(trained, hosting, 3, lambda: deploy("--shadow", "--model-data", model_url("better")))
    assert first["endpoint_config"] != serving(trained)
    roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)


def test_a_serverless_endpoint_gets_no_shadow(deploy: Deploy, hosting: Any) -> None:
    deploy("--mode", "serverless")
    hosting.changes.clear()
    with pytest.raises(ServerlessEndpointError, match="Use --mode realtime"):
        deploy("--shadow")
    assert [] == hosting.changes


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            "--strategy canary --monitoring-period 2m --instances 7",
            "--instances, --strategy, --monitoring-period cannot be used with --shadow",
        ),
        ("--mode realtime --autoscale 1:2", "--mode, --autoscale cannot be used with --shadow"),
        ("--dry-run", "--dry-run cannot be used with --shadow"),
    ],
)
def test_options_that_a_shadow_has_not_are_refused(
    deploy: Deploy, hosting: Any, arguments: str, named: str
) -> None:
    with pytest.raises(HostingOptionsError, match=named):
        deploy("--shadow", *arguments.split())
    assert [] == hosting.changes
