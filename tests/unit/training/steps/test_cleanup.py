"""Delete the project's resources, and retain all others."""

import argparse
import io
from collections.abc import Callable
from typing import Any

import pytest

from cli.confirmation import ConfirmationMissingError
from training.endpoint import scaling
from training.endpoint.hosting import Hosting, Scaling
from training.endpoint.request import endpoint_config_request, endpoint_request, model_request
from training.models.class_list import class_list_parameters
from training.models.model_card import ModelArchive, model_card, write_model_card
from training.models.trained_model import TrainedModel
from training.project.naming import Names
from training.steps import cleanup
from training.steps.context import Context

MODEL = TrainedModel(
    "s3://b/model.tar.gz",
    "image:1",
    "arn:aws:iam::1:role/r",
    ("a", "b"),
    "job",
    {},
    None,
    None,
    "x",
)


def deployed(
    context: Context,
    names: Names,
    name: str = "scones-unlimited-default-1",
    endpoint: str = "scones-unlimited",
) -> None:
    sagemaker, tags = context.aws.sagemaker, names.tag_list
    sagemaker.create_model(**model_request(name, MODEL, MODEL.role, tags))
    hosting = Hosting("realtime", instance_type="ml.m5.large")
    sagemaker.create_endpoint_config(**endpoint_config_request(name, hosting, tags))
    sagemaker.create_endpoint(**endpoint_request(endpoint, name, tags))


@pytest.fixture
def ours(account_context: Context) -> Context:
    """The account_context of an environment with everything that `deploy` makes, and an alarm."""
    deployed(account_context, account_context.names)
    scaling.register(
        account_context.aws.autoscaling, account_context.names.endpoint, Scaling(1, 3, 300)
    )
    card = model_card(
        account_context.names.endpoint, ("a", "b"), 1.0, ModelArchive("sha256:1", None)
    )
    write_model_card(account_context.aws.ssm, account_context.names, card)
    for name, tags in (("ours", account_context.names.tag_list), ("theirs", [])):
        account_context.aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=1,
            MetricName="ModelLatency",
            Namespace="AWS/SageMaker",
            Period=60,
            Statistic="Average",
            Dimensions=[{"Name": "EndpointName", "Value": account_context.names.endpoint}],
            Tags=tags,  # type: ignore[arg-type]
        )
    account_context.run.begin("deploy")
    account_context.run.done("deploy", {"endpoint": account_context.names.endpoint})
    return account_context


@pytest.fixture
def clean() -> Callable[..., dict[str, Any]]:
    """Run the step with these arguments."""

    def run(account_context: Context, *arguments: str) -> dict[str, Any]:
        parser = argparse.ArgumentParser()
        cleanup.add_arguments(parser)
        parser.set_defaults(json=False)
        return cleanup.run(account_context, parser.parse_args(arguments))

    return run


type Clean = Callable[..., dict[str, Any]]

IN_ORDER = [
    ("auto-scaling of", "endpoint/scones-unlimited/variant/AllTraffic"),
    ("endpoint", "scones-unlimited"),
    ("endpoint configuration", "scones-unlimited-default-1"),
    ("model", "scones-unlimited-default-1"),
    ("alarm", "ours"),
    ("model card", "/scones-unlimited/endpoints/scones-unlimited"),
]


def named(deletions: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(deletion["kind"], deletion["name"]) for deletion in deletions]


def test_class_lists_of_all_cards_are_deleted_after_the_card(ours: Context, clean: Clean) -> None:
    for length in (1_000, 1_100):
        names = tuple(f"class {number:04}" for number in range(length))
        card = model_card(ours.names.endpoint, names, 1.0, ModelArchive("sha256:1", None))
        write_model_card(ours.aws.ssm, ours.names, card)
    lists = list(class_list_parameters(ours.aws.ssm, ours.names.model_card))
    assert 1 < len(lists)
    deleted = named(clean(ours, "--yes")["deleted"])
    assert [*IN_ORDER, *(("part of a class list", name) for name in lists)] == deleted
    assert [] == list(class_list_parameters(ours.aws.ssm, ours.names.model_card))


def test_dry_run_shows_what_it_would_delete_and_deletes_nothing(
    ours: Context, clean: Clean
) -> None:
    assert IN_ORDER == named(clean(ours, "--dry-run")["would_delete"])
    assert IN_ORDER == named(clean(ours, "--dry-run")["would_delete"])
    assert ours.run.find("deploy")


def test_cleanup_without_terminal_and_yes_is_refused(ours: Context, clean: Clean) -> None:
    with pytest.raises(ConfirmationMissingError):
        clean(ours)
    assert ours.run.find("deploy")


def test_with_yes_it_deletes_in_an_order_that_sagemaker_allows(ours: Context, clean: Clean) -> None:
    assert IN_ORDER == named(clean(ours, "--yes")["deleted"])
    assert [] == ours.aws.sagemaker.list_endpoints()["Endpoints"]
    assert ["theirs"] == [
        alarm["AlarmName"] for alarm in ours.aws.cloudwatch.describe_alarms()["MetricAlarms"]
    ]


def test_a_second_time_there_is_nothing_to_delete(ours: Context, clean: Clean) -> None:
    clean(ours, "--yes")
    assert [] == clean(ours, "--yes")["deleted"]


def test_cleanup_removes_the_results_of_deleted_resources(ours: Context, clean: Clean) -> None:
    clean(ours, "--yes")
    assert ours.run.find("deploy") is None


def test_resources_of_another_environment_are_retained(
    account_context: Context, clean: Clean, shown: io.StringIO
) -> None:
    deployed(account_context, Names(environment="prod"))
    assert [] == clean(account_context, "--yes")["deleted"]
    assert "does not have this project's tags, and is retained" in shown.getvalue()


def test_resources_of_an_interrupted_deploy_are_deleted(
    account_context: Context, clean: Clean
) -> None:
    account_context.aws.sagemaker.create_model(
        **model_request(
            "scones-unlimited-default-2", MODEL, MODEL.role, account_context.names.tag_list
        )
    )
    assert [("model", "scones-unlimited-default-2")] == named(
        clean(account_context, "--yes")["deleted"]
    )


def test_resources_of_an_interrupted_comparison_are_deleted(
    account_context: Context, clean: Clean
) -> None:
    name = account_context.names.versioned(2)
    deployed(account_context, account_context.names, name, endpoint=name)
    expected = [("endpoint", name), ("endpoint configuration", name), ("model", name)]
    assert expected == named(clean(account_context, "--yes")["deleted"])


def test_retained_resources_are_listed_with_their_commands(ours: Context, clean: Clean) -> None:
    ours.run.begin("stage")
    ours.run.done("stage", {"bucket": "photos"})
    kept = clean(ours, "--dry-run")["retained"].values()
    assert "aws s3 rm --recursive s3://photos/datasets/scones-unlimited/" in kept
    assert not [command for command in kept if "s3 rb" in command]  # a bucket that the user brought
