"""Run `train`: one job for one request, which resumes after any interruption."""

import argparse
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.training.fake_clients import with_fakes
from tests.unit.training.fake_jobs import FakeJobs
from tests.unit.training.fake_training_stack import FakeTrainingStack
from training.jobs.follow import TrainingFailedError, TrainingStoppedError
from training.jobs.plan import Plan
from training.jobs.preflight import InstanceTypeError
from training.jobs.training_jobs import JobNameTakenError
from training.steps import train as step
from training.steps.context import Context


@pytest.fixture
def jobs() -> FakeJobs:
    return FakeJobs()


@pytest.fixture(autouse=True)
def no_log(context: Context) -> Iterator[None]:
    with Stubber(context.aws.logs) as stubber:
        for _ in range(9):
            stubber.add_client_error("describe_log_streams", "ResourceNotFoundException")
        yield


def test_the_result_is_kept_in_run_json(context: Context, plan: Plan, jobs: FakeJobs) -> None:
    result = step.train(context, plan, jobs)
    name = jobs.requests[0]["TrainingJobName"]
    url = f"s3://photos/models/{name}/output/model.tar.gz"
    assert name == result["training_job"]
    assert url == result["model_data"]
    assert f"sha256:{url}" == result["model_digest"]
    assert result == context.run.result("train")


def test_role_is_allowed_the_keys_before_a_job_is_created_and_not_again(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    stack = FakeTrainingStack(plan.role, lambda: len(jobs.requests))
    for _ in range(2):
        account = with_fakes(context, cloudformation=stack)
        step.train(account, replace(plan, kms_key="arn:data", volume_kms_key="arn:disks"), jobs)
    assert [{"DataKeyArns": "arn:data", "VolumeKeyArns": "arn:disks"}] == stack.updates
    assert [0] == stack.progress


def test_a_job_carries_the_tags_of_the_run(context: Context, plan: Plan, jobs: FakeJobs) -> None:
    step.train(context, plan, jobs)
    assert context.names.tag_list == jobs.requests[0]["Tags"]


def test_the_same_request_again_is_not_paid_twice(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    assert step.train(context, plan, jobs) == step.train(context, plan, jobs)
    assert 1 == len(jobs.requests)


def test_the_same_request_on_another_machine_is_not_paid_twice(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    step.train(context, plan, jobs)
    step.train(context, replace(plan, instance_type="ml.g5.xlarge"), jobs)
    assert 1 == len(jobs.requests)


def test_option_again_trains_again(context: Context, plan: Plan, jobs: FakeJobs) -> None:
    step.train(context, plan, jobs)
    step.train(context, plan, jobs, again=True)
    assert 2 == len(jobs.requests)


@pytest.mark.parametrize("changed", ["dataset", "hyperparameters"])
def test_a_changed_request_is_another_job(
    context: Context, plan: Plan, jobs: FakeJobs, changed: str
) -> None:
    dataset = replace(plan.dataset, digest="sha256:2")
    other = {"dataset": dataset, "hyperparameters": {**plan.hyperparameters, "epochs": "3"}}
    step.train(context, plan, jobs)
    step.train(context, replace(plan, **{changed: other[changed]}), jobs)  # type: ignore[arg-type]
    assert 2 == len(jobs.requests)


def interrupted(context: Context, plan: Plan, jobs: FakeJobs) -> str:
    """Start a job without its end, and return its name."""
    context.run.begin("train", **plan.asked)
    request = step.make_request(context, plan, jobs, None)
    jobs.create(request)
    name = str(request["TrainingJobName"])
    context.run.note("train", training_job=name, checkpoints=request["CheckpointConfig"]["S3Uri"])
    return name


@pytest.mark.parametrize("again", [False, True])
def test_job_in_progress_is_resumed(context: Context, plan: Plan, again: bool) -> None:
    jobs = FakeJobs(looks_under_way=1)
    name = interrupted(context, plan, jobs)
    assert name == step.train(context, plan, jobs, again)["training_job"]
    assert 1 == len(jobs.requests)


def test_ctrl_c_leaves_the_job_and_says_how_to_stop_it(
    context: Context, plan: Plan, shown: io.StringIO
) -> None:
    class Interrupting(FakeJobs):
        def describe(self, name: str) -> Mapping[str, Any] | None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step.train(context, plan, Interrupting())
    assert (
        "aws sagemaker stop-training-job --training-job-name scones-unlimited-" in shown.getvalue()
    )


def test_a_job_is_known_before_it_is_created(context: Context, plan: Plan) -> None:
    with pytest.raises(KeyboardInterrupt):
        step.train(context, plan, FakeJobs(refusal=KeyboardInterrupt()))
    assert context.run.begin("train", **plan.asked)["training_job"].startswith(
        "scones-unlimited-default-"
    )


def test_a_job_that_was_never_created_is_created_by_the_next_try(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    with pytest.raises(KeyboardInterrupt):
        step.train(context, plan, FakeJobs(refusal=KeyboardInterrupt()))
    step.train(context, plan, jobs)
    assert 1 == len(jobs.requests)


def test_job_of_another_run_is_not_resumed(context: Context, plan: Plan) -> None:
    with pytest.raises(JobNameTakenError):
        step.train(context, plan, FakeJobs(refusal=JobNameTakenError()))
    assert context.run.begin("train", **plan.asked)["training_job"] is None


def test_after_a_failed_job_the_same_command_starts_afresh(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    with pytest.raises(TrainingFailedError):
        step.train(context, plan, jobs_failed := FakeJobs("Failed"))
    jobs.described = jobs_failed.described
    jobs.requests = jobs_failed.requests
    step.train(context, plan, jobs)
    own = [request["CheckpointConfig"]["S3Uri"].split("/")[-2] for request in jobs.requests]
    assert [request["TrainingJobName"] for request in jobs.requests] == own


def test_same_command_resumes_a_stopped_job_from_its_checkpoints(
    context: Context, plan: Plan, jobs: FakeJobs
) -> None:
    stopped = FakeJobs("Stopped", "MaxWaitTimeExceeded")
    with pytest.raises(TrainingStoppedError):
        step.train(context, plan, stopped)
    jobs.described = stopped.described
    step.train(context, replace(plan, max_wait=None), jobs)
    assert stopped.requests[0]["CheckpointConfig"] == jobs.requests[0]["CheckpointConfig"]


@pytest.mark.usefixtures("staged_run")
def test_nothing_is_noted_when_a_check_fails(
    context: Context, train_options: Callable[..., argparse.Namespace]
) -> None:
    with pytest.raises(InstanceTypeError):
        step.run(context, train_options("--instance-type", "ml.m5.large"))
    assert "train" not in context.run.steps


@pytest.mark.usefixtures("staged_run", "plan_in_s3", "enough_quota")
def test_a_dry_run_prints_the_request_and_creates_nothing(
    context: Context,
    train_options: Callable[..., argparse.Namespace],
    capsys: pytest.CaptureFixture[str],
) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    context.aws.iam.create_role(RoleName="sagemaker", AssumeRolePolicyDocument=document)
    request = step.run(context, train_options("--dry-run", "--json"))
    assert "40" == request["HyperParameters"]["num_training_samples"]
    assert [] == context.aws.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    step.run(context, train_options("--dry-run"))
    assert request["HyperParameters"] == json.loads(capsys.readouterr().out)["HyperParameters"]
    assert "train" not in context.run.steps
