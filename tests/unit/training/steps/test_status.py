"""List resources, costs, and unknown states."""

import io
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.prices import PRICES
from tests.unit.training.fake_clients import hooked
from training.endpoint import scaling
from training.endpoint.hosting import Hosting, Scaling
from training.endpoint.request import endpoint_config_request, endpoint_request, model_request
from training.models.model_card import ModelArchive, model_card, write_model_card
from training.models.trained_model import TrainedModel
from training.steps import status
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
NAME = "scones-unlimited-default-1"


def look(context: Context) -> dict[str, Any]:
    return status.run(context, Namespace(prices=PRICES))


def deployed(context: Context, hosting: Hosting) -> None:
    sagemaker, tags = context.aws.sagemaker, context.names.tag_list
    sagemaker.create_model(**model_request(NAME, MODEL, MODEL.role, tags))
    sagemaker.create_endpoint_config(**endpoint_config_request(NAME, hosting, tags))
    sagemaker.create_endpoint(**endpoint_request(context.names.endpoint, NAME, tags))


def of_kind(found: dict[str, Any], kind: str) -> list[tuple[str, str]]:
    return [(one["name"], one["state"]) for one in found["resources"] if one["kind"] == kind]


def test_before_the_first_step_there_is_nothing_and_it_costs_nothing(
    account_context: Context, shown: io.StringIO
) -> None:
    found = look(account_context)
    assert [] == found["resources"]
    assert {} == found["steps"]
    assert 0.0 == found["dollars_per_hour"]
    assert "No resources yet. `scones stage` is the first step." in shown.getvalue()
    assert not account_context.run.path.exists()


def test_an_endpoint_costs_its_instances(account_context: Context, shown: io.StringIO) -> None:
    deployed(account_context, Hosting("realtime", instance_type="ml.m5.large", instances=2))
    found = look(account_context)
    assert pytest.approx(0.23) == found["dollars_per_hour"]
    assert pytest.approx(0.23 * 730) == found["dollars_per_month"]
    assert [("scones-unlimited", "InService")] == of_kind(found, "endpoint")
    assert [("AllTraffic", "2 x ml.m5.large")] == of_kind(found, "variant")
    assert "Together $0.230 per hour, $167.90 per month" in shown.getvalue()


def test_a_serverless_endpoint_costs_nothing_by_the_hour(account_context: Context) -> None:
    deployed(account_context, Hosting("serverless", memory_mb=2048, max_concurrency=5))
    assert 0.0 == look(account_context)["dollars_per_hour"]


def test_unknown_price_is_reported_and_not_counted_as_zero(
    account_context: Context, shown: io.StringIO
) -> None:
    deployed(account_context, Hosting("realtime", instance_type="ml.m4.xlarge"))
    assert 1 == look(account_context)["unknown_prices"]
    assert "price unknown" in shown.getvalue()


def test_resources_of_an_endpoint_are_listed(account_context: Context) -> None:
    deployed(account_context, Hosting("realtime", instance_type="ml.m5.large"))
    scaling.register(
        account_context.aws.autoscaling, account_context.names.endpoint, Scaling(1, 3, 300)
    )
    write_model_card(
        account_context.aws.ssm,
        account_context.names,
        model_card("scones-unlimited", ("a", "b"), 1.0, ModelArchive("sha256:1", None)),
    )
    found = look(account_context)
    assert [("AllTraffic", "1 to 3 instances")] == of_kind(found, "auto-scaling")
    assert [(NAME, "")] == of_kind(found, "model")
    assert ["/scones-unlimited/endpoints/scones-unlimited"] == [
        name for name, _ in of_kind(found, "model card")
    ]


def test_versions_of_the_model_registry_are_listed_with_their_approval(
    account_context: Context,
) -> None:
    sagemaker, group = account_context.aws.sagemaker, account_context.names.service
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for approval in ("Approved", "Rejected"):
        sagemaker.create_model_package(ModelPackageGroupName=group, ModelApprovalStatus=approval)
    assert [("version 1", "Approved"), ("version 2", "Rejected")] == of_kind(
        look(account_context), "model package"
    )


def test_the_folders_of_the_bucket_are_counted(account_context: Context) -> None:
    account_context.run.begin("stage")
    account_context.run.done("stage", {"bucket": "photos"})
    account_context.aws.s3.create_bucket(Bucket="photos")
    for name in "ab":
        account_context.aws.s3.put_object(
            Bucket="photos", Key=f"datasets/default/train/{name}.png", Body=bytes(500)
        )
    assert [("s3://photos/datasets/", "2 objects, 1.0 kB")] == of_kind(
        look(account_context), "bucket"
    )


def test_the_steps_of_the_run_are_listed(account_context: Context) -> None:
    account_context.run.begin("train")
    assert "begun" == look(account_context)["steps"]["train"]["status"]


def refused(code: str) -> Callable[..., None]:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeAlarms")

    return refuse


def test_resources_without_permission_are_unknown_and_the_others_are_shown(
    account_context: Context,
) -> None:
    deployed(account_context, Hosting("realtime", instance_type="ml.m5.large"))
    with hooked(account_context.aws.cloudwatch, DescribeAlarms=refused("AccessDenied")):
        found = look(account_context)
    assert [("", "unknown")] == of_kind(found, "alarm")
    assert [("scones-unlimited", "InService")] == of_kind(found, "endpoint")


def test_a_caller_whom_aws_does_not_know_is_an_error(account_context: Context) -> None:
    expired = hooked(account_context.aws.cloudwatch, DescribeAlarms=refused("ExpiredToken"))
    with expired, pytest.raises(ClientError, match="ExpiredToken"):
        look(account_context)
