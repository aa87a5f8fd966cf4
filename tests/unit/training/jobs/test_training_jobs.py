"""Send requests through SageMaker's SDK, and explain AWS's refusals."""

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cli.aws import Aws, QuotaExceededError
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.scikit_learn.algorithm import IMAGE as SCRIPT_IMAGE
from training.jobs.plan import Plan
from training.jobs.training_jobs import (
    JobNameTakenError,
    SageMakerJobs,
    UnknownRegionError,
    quota_exceeded,
)
from training.jobs.training_request import training_job_request
from training.steps.context import Context

IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
type Answer = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def jobs(own_context: Context) -> SageMakerJobs:
    return SageMakerJobs(own_context.aws)


@pytest.fixture
def request_of_a_job(plan: Plan) -> dict[str, Any]:
    return training_job_request(
        plan, "cars-1", IMAGE, "s3://photos/checkpoints/1/", [{"Key": "run", "Value": "cars"}]
    )


@pytest.fixture
def answer(own_context: Context) -> Answer:
    """Make every client answer CreateTrainingJob; return the list of its requests."""

    def answering(code: str | None = None) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        def create(params: dict[str, Any], **_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
            sent.append(json.loads(params["body"]))
            error = {"Error": {"Code": code, "Message": "why"}} if code else {}
            return SimpleNamespace(status_code=400 if code else 200), {
                "TrainingJobArn": "arn:1",
                **error,
            }

        def describe(**_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
            return SimpleNamespace(status_code=200), {
                "TrainingJobName": "cars-1",
                "TrainingJobStatus": "InProgress",
            }

        handlers: dict[str, Any] = {"CreateTrainingJob": create, "DescribeTrainingJob": describe}
        for operation, handler in handlers.items():
            own_context.aws.session.events.register(f"before-call.sagemaker.{operation}", handler)
        return sent

    return answering


def test_the_sdk_sends_the_request_as_it_was_built(
    jobs: SageMakerJobs, request_of_a_job: dict[str, Any], answer: Answer
) -> None:
    sent = answer()
    jobs.create(request_of_a_job)
    assert [request_of_a_job] == sent


def test_the_sdk_sends_the_request_with_everything_in_it(
    jobs: SageMakerJobs, plan: Plan, answer: Answer
) -> None:
    full = replace(
        plan,
        earlier_model="s3://photos/m.tar.gz",
        max_wait=9000,
        kms_key="alias/a",
        volume_kms_key="alias/b",
    )
    request, sent = (
        training_job_request(full, "cars-1", IMAGE, "s3://photos/checkpoints/1/", []),
        answer(),
    )
    jobs.create(request)
    assert [request] == sent


def test_the_image_is_that_of_the_region(jobs: SageMakerJobs) -> None:
    assert IMAGE == jobs.image()


def test_both_images_exist_in_every_region_and_on_the_local_cloud() -> None:
    with warnings.catch_warnings(action="ignore"):
        from sagemaker.core.image_uris import config_for_framework  # type: ignore[import-untyped]
    regions = config_for_framework("sklearn")["training"]["versions"]["1.9-0"]["registries"]

    images = {
        region: SageMakerJobs(Aws(boto3.session.Session("k", "s", region_name=region)))
        for region in regions
    }

    assert [] == [
        region
        for region, jobs in images.items()
        if not jobs.image("transfer-learning").endswith("/sagemaker-scikit-learn:1.9-0-cpu-py3")
        or f".ecr.{region}." not in jobs.image("transfer-learning")
        or "/image-classification:1" not in jobs.image()
    ]
    assert 37 == len(images)
    assert [] == [
        region
        for region, jobs in images.items()
        if not re.fullmatch(SCRIPT_IMAGE, jobs.image("transfer-learning"))
        or not re.fullmatch(IMAGE_CLASSIFICATION.image, jobs.image())
    ]


def test_region_without_the_algorithm_is_an_error() -> None:
    nowhere = SageMakerJobs(Aws(boto3.session.Session("key", "secret", region_name="xx-nowhere-1")))
    with pytest.raises(UnknownRegionError, match=r"xx-nowhere-1.*--region"):
        nowhere.image()


def test_existing_job_name_is_an_error(
    jobs: SageMakerJobs, request_of_a_job: dict[str, Any], answer: Answer
) -> None:
    answer("ResourceInUse")
    with pytest.raises(JobNameTakenError, match="cars-1"):
        jobs.create(request_of_a_job)


def test_exceeded_quota_is_an_error(
    jobs: SageMakerJobs, request_of_a_job: dict[str, Any], answer: Answer
) -> None:
    answer("ResourceLimitExceeded")
    with pytest.raises(QuotaExceededError, match="why"):
        jobs.create(request_of_a_job)


def test_other_refusals_of_aws_are_raised_unchanged(
    jobs: SageMakerJobs, request_of_a_job: dict[str, Any], answer: Answer
) -> None:
    answer("ValidationException")
    with pytest.raises(ClientError, match="why"):
        jobs.create(request_of_a_job)


@pytest.mark.parametrize(
    ("max_wait", "quota", "alternative"),
    [
        (None, '"ml.g4dn.xlarge for training job usage"', "with --spot"),
        (9000, '"ml.g4dn.xlarge for spot training job usage"', "without --spot"),
    ],
)
def test_quota_message_names_the_request_and_an_alternative(
    plan: Plan, max_wait: int | None, quota: str, alternative: str
) -> None:
    request = training_job_request(
        replace(plan, max_wait=max_wait), "cars-1", IMAGE, "s3://b/c/", []
    )
    error = ClientError(
        {"Error": {"Code": "ResourceLimitExceeded", "Message": "why"}}, "CreateTrainingJob"
    )
    message = str(quota_exceeded(request, "us-east-1", error))
    assert [True] * 4 == [
        part in message for part in (quota, alternative, "Service Quotas", "us-east-1")
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [("ValidationException", "Requested resource not found."), ("ResourceNotFound", "no")],
)
def test_missing_job_is_described_as_none(
    own_context: Context, jobs: SageMakerJobs, code: str, message: str
) -> None:
    with Stubber(own_context.aws.sagemaker) as stubber:
        stubber.add_client_error("describe_training_job", code, message)
        assert jobs.describe("cars-1") is None


def test_a_job_that_may_not_be_looked_at_is_an_error(
    own_context: Context, jobs: SageMakerJobs
) -> None:
    with Stubber(own_context.aws.sagemaker) as stubber:
        stubber.add_client_error("describe_training_job", "AccessDeniedException")
        with pytest.raises(ClientError, match="AccessDenied"):
            jobs.describe("cars-1")
