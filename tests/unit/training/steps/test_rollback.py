"""Roll the endpoint back to its earlier configuration, with its model card."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from cli.confirmation import ConfirmationMissingError
from tests.unit.training.fake_hosting import NEWER, alarms, interrupt, roll_back, scaled, serving
from training.endpoint.errors import EndpointFailedError, ServerlessConversionError
from training.models.model_card import earlier_model_cards, read_model_card
from training.steps.context import Context
from training.steps.rollback import NothingBeforeError

type Deploy = Callable[..., dict[str, Any]]
type ModelUrl = Callable[[str], str]


def test_the_configuration_before_serves_again_with_its_card(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    first = deploy("--autoscale", "1:3")
    deploy("--autoscale", "1:4", "--model-data", model_url("better"))
    roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert [(1, 4)] == scaled(trained)


def test_second_rollback_with_yes_returns_to_the_newer_model(
    trained: Context, deploy: Deploy, model_url: ModelUrl, shown: io.StringIO
) -> None:
    deploy()
    second = deploy("--model-data", model_url("better"))
    roll_back(trained)
    digest = second["model_card"]["model_digest"].removeprefix("sha256:")[:12]
    assert f"Forward to model {digest}" not in shown.getvalue()
    assert second["endpoint_config"] == roll_back(trained, "--yes")["endpoint_config"]
    assert f"Forward to model {digest}" in shown.getvalue()


def test_second_rollback_without_yes_and_terminal_changes_nothing(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    first = deploy()
    deploy("--model-data", model_url("better"))
    roll_back(trained)
    with pytest.raises(ConfirmationMissingError):
        roll_back(trained)
    assert first["endpoint_config"] == serving(trained)


def test_rollback_names_the_model_that_it_returns_to(
    trained: Context, deploy: Deploy, model_url: ModelUrl, shown: io.StringIO
) -> None:
    first = deploy()
    deploy("--model-data", model_url("better"))
    roll_back(trained)
    digest = first["model_card"]["model_digest"].removeprefix("sha256:")[:12]
    moment = first["model_card"]["created_at"].replace("T", " ")[:16]
    assert f"Back to model {digest} from {moment} UTC" in " ".join(shown.getvalue().split())


def test_dry_run_of_a_rollback_changes_nothing(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    deploy()
    second = deploy("--model-data", model_url("better"))
    assert roll_back(trained, "--dry-run")["dry_run"]
    assert second["endpoint_config"] == serving(trained)


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_a_rollback_that_was_interrupted_is_finished_by_the_next(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl, changes: int
) -> None:
    first = deploy()
    deploy("--model-data", model_url("better"))
    # The endpoint has moved, is tagged, the card is written.
    interrupt(trained, hosting, changes, lambda: roll_back(trained))
    if changes < 3:
        roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)


@pytest.mark.parametrize("changes", [6, 7])
def test_interrupted_deployment_is_rolled_back_with_scaling_and_alarms(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl, changes: int
) -> None:
    first = deploy("--autoscale", "1:3")
    update = ("--strategy", "all-at-once", "--autoscale", "1:4", "--model-data", model_url("best"))
    # Scaling is off, two alarms watch, and the endpoint moves, or is tagged as well.
    interrupt(trained, hosting, changes, lambda: deploy(*update))
    roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert [(1, 3)] == scaled(trained)
    assert [] == alarms(trained)


def test_a_first_deployment_without_a_card_has_nothing_before_it(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    interrupt(trained, hosting, 3, deploy)  # the endpoint is there
    with pytest.raises(NothingBeforeError):
        roll_back(trained)


def running(hosting: Any) -> int:
    return int(
        hosting.backend.endpoints["scones-unlimited"].production_variants[0]["CurrentInstanceCount"]
    )


def test_as_many_instances_serve_as_before_where_auto_scaling_decides(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy("--autoscale", "1:4")
    deploy("--autoscale", "1:4", "--model-data", model_url("better"))
    hosting.scale_out(3)
    roll_back(trained)
    assert 3 == running(hosting)


def test_the_configuration_says_how_many_instances_serve_where_nothing_scales(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy("--instances", "4")
    deploy("--model-data", model_url("better"))
    roll_back(trained)
    assert 4 == running(hosting)


def test_rollback_from_instances_to_serverless_is_refused_before_anything_changes(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy("--mode", "serverless")
    second = deploy("--autoscale", "1:4", "--model-data", model_url("better"))
    hosting.changes.clear()
    with pytest.raises(
        ServerlessConversionError, match=r"scones-unlimited runs on instances.* delete-endpoint"
    ):
        roll_back(trained)
    assert [] == hosting.changes
    assert second["endpoint_config"] == serving(trained)
    assert second["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert [(1, 4)] == scaled(trained)


def test_rollback_between_serverless_configurations_is_allowed(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    first = deploy("--mode", "serverless")
    deploy("--mode", "serverless", "--model-data", model_url("better"))
    roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)


def test_a_first_deployment_has_nothing_before_it(trained: Context, deploy: Deploy) -> None:
    deploy()
    with pytest.raises(NothingBeforeError):
        roll_back(trained)


def test_without_an_endpoint_there_is_nothing_to_roll_back(trained: Context) -> None:
    with pytest.raises(EndpointFailedError, match="is missing"):
        roll_back(trained)


def test_card_names_both_models_while_the_endpoint_rolls_back(
    trained_by_us: Context, deploy: Deploy
) -> None:
    first = deploy()["model_card"]
    second = deploy("--model-data", NEWER)["model_card"]
    roll_back(trained_by_us)
    ssm, names = trained_by_us.aws.ssm, trained_by_us.names
    now, meanwhile, *_ = earlier_model_cards(ssm, names.model_card, bool)
    assert first == now
    assert second == {name: meanwhile[name] for name in second}
    assert first["model_digest"] == meanwhile["next"]["model_digest"]
    assert second == roll_back(trained_by_us, "--yes")["model_card"]
