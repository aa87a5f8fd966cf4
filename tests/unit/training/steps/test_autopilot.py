"""Send a valid Autopilot request, resume its job, and name the missing emulation."""

import argparse
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.aws import QuotaExceededError
from tests.unit.training.fake_clients import hooked
from tests.unit.training.training_plans import ROLE
from training.jobs.autopilot_request import Limits, automl_job_request
from training.jobs.plan import Plan
from training.steps import autopilot as step
from training.steps.context import Context

METRIC = {"MetricName": "Accuracy", "Value": 0.9625}
BEST = {"CandidateName": "best", "FinalAutoMLJobObjectiveMetric": METRIC, "InferenceContainers": []}


class Autopilot:
    """Autopilot jobs that have ended with a given status."""

    def __init__(self) -> None:
        self.status, self.best, self.refused = "Completed", BEST, False
        self.quota, self.reason = "", ""
        self.created: list[str] = []

    def create(self, params: dict[str, Any], **_: Any) -> None:
        if self.refused:
            code, words = (
                "UnknownOperationException",
                "CreateAutoMLJobV2 is not emulated by the local SageMaker.",
            )
            raise ClientError({"Error": {"Code": code, "Message": words}}, "CreateAutoMLJobV2")
        if self.quota:
            refusal = {"Error": {"Code": "ResourceLimitExceeded", "Message": self.quota}}
            raise ClientError(refusal, "CreateAutoMLJobV2")  # type: ignore[arg-type]
        self.created.append(json.loads(params["body"])["AutoMLJobName"])

    def describe(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed |= {"AutoMLJobStatus": self.status, "BestCandidate": self.best}
        parsed |= {"FailureReason": self.reason} if self.reason else {}


@pytest.fixture
def autopilot(context: Context, staged_run: None, plan_in_s3: None) -> Iterator[Autopilot]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    context.aws.iam.create_role(
        RoleName="sagemaker", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    made = Autopilot()
    events, described = (
        context.aws.sagemaker.meta.events,
        "after-call.sagemaker.DescribeAutoMLJobV2",
    )
    events.register(described, made.describe)
    with hooked(context.aws.sagemaker, CreateAutoMLJobV2=made.create):
        yield made
    events.unregister(described, made.describe)


def run(context: Context, *words: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    step.add_arguments(parser)
    return step.run(context, parser.parse_args(["--role", ROLE, *words]))


def test_the_best_candidate_is_held_against_the_model_of_the_run(
    context: Context, autopilot: Autopilot
) -> None:
    context.run.begin("train")
    context.run.done("train", {"metrics": {"validation:accuracy": 0.94}})
    result = run(context)
    assert "best" == result["candidate"]
    assert 0.9625 == result["validation_accuracy"]
    assert 0.94 == result["own_validation_accuracy"]


def test_the_same_command_finds_its_job(context: Context, autopilot: Autopilot) -> None:
    assert run(context) == run(context)
    assert 1 == len(autopilot.created)


def test_a_job_without_a_model_is_an_error(context: Context, autopilot: Autopilot) -> None:
    autopilot.status, autopilot.best = "Stopped", {}
    with pytest.raises(step.AutopilotFailedError, match="found no model: its status is Stopped"):
        run(context)


def test_missing_quota_names_the_algorithm_that_needs_no_gpu(
    context: Context, autopilot: Autopilot
) -> None:
    autopilot.quota = "The account-level service limit 'ml.g4dn.xlarge' is 0 Instances."
    with pytest.raises(QuotaExceededError, match=r"is 0 Instances.*needs no GPU"):
        run(context)


def test_quota_that_a_job_found_missing_names_it_too(
    context: Context, autopilot: Autopilot
) -> None:
    autopilot.status, autopilot.best = "Failed", {}
    autopilot.reason = "The account-level service limit 'ml.g4dn.xlarge' is 0 Instances."
    with pytest.raises(step.AutopilotFailedError, match=r"is 0 Instances.*needs no GPU"):
        run(context)


def test_the_local_cloud_refuses_it_by_name(context: Context, autopilot: Autopilot) -> None:
    autopilot.refused = True
    with pytest.raises(step.AutopilotNotEmulatedError, match="CreateAutoMLJobV2"):
        run(context)


def test_a_dry_run_creates_nothing(context: Context, autopilot: Autopilot) -> None:
    request = run(context, "--dry-run", "--json")
    assert (
        "s3://photos/datasets/cars/train/"
        == request["AutoMLJobInputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    )
    assert [] == autopilot.created


def test_the_request_is_one_that_botocore_would_send(
    plan: Plan, valid_request: Callable[[str, str, dict[str, Any]], None]
) -> None:
    request = automl_job_request(
        plan.dataset, "one", ROLE, Limits(10, 600, 3600), [{"Key": "environment", "Value": "dev"}]
    )
    valid_request("sagemaker", "CreateAutoMLJobV2", request)
    assert "test" not in json.dumps(request)
