"""What a training job is asked to do, put together from run.json, the options and hyperparameters.toml."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from training.jobs.hyperparameters import HyperparameterError
from training.jobs.plan import EarlierModelError, LimitsError, Plan, RoleMissingError, make_plan
from training.project.run_file import StepNotDoneError, open_run_file
from training.project.step import Context

type Parse = Callable[..., argparse.Namespace]
type Stage = Callable[..., None]
MODEL = "s3://photos/models/1/output/model.tar.gz"


@pytest.fixture
def cloudformation(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.cloudformation) as stubber:
        yield stubber


def earlier_run(context: Context, **changed: Any) -> None:
    run = open_run_file(context.run.folder.parent / "old")
    network = {"num_layers": "18", "image_shape": "3,224,224"}
    run.begin("train")
    run.done("train", {"labels": ["automobile", "truck"], "hyperparameters": network, "model_data": MODEL, **changed})


def test_a_run_without_a_dataset_is_told_to_stage_one(context: Context, train_options: Parse) -> None:
    with pytest.raises(StepNotDoneError, match="training stage"):
        make_plan(context, train_options())


@pytest.mark.usefixtures("staged_run")
def test_classes_and_training_images_follow_from_the_dataset(context: Context, train_options: Parse) -> None:
    chosen = make_plan(context, train_options()).hyperparameters
    assert ("2", "40") == (chosen["num_classes"], chosen["num_training_samples"])


@pytest.mark.usefixtures("staged_run")
def test_a_flag_overrides_the_file(context: Context, train_options: Parse) -> None:
    assert "0.5" == make_plan(context, train_options("--learning-rate", "0.5")).hyperparameters["learning_rate"]


@pytest.mark.usefixtures("staged_run")
def test_a_flag_is_checked_as_the_file_is(context: Context, train_options: Parse) -> None:
    with pytest.raises(HyperparameterError, match="momentum"):
        make_plan(context, train_options("--momentum", "2"))


@pytest.mark.usefixtures("staged_run")
def test_without_spot_there_is_no_time_for_waiting(context: Context, train_options: Parse) -> None:
    assert (7200, None) == ((plan := make_plan(context, train_options())).max_runtime, plan.max_wait)


@pytest.mark.usefixtures("staged_run")
def test_spot_waits_as_long_as_it_trains_unless_told(context: Context, train_options: Parse) -> None:
    assert 3600 == make_plan(context, train_options("--spot", "--max-runtime", "30m")).max_wait


@pytest.mark.usefixtures("staged_run")
@pytest.mark.parametrize("words", [("--max-wait", "3h"), ("--spot", "--max-wait", "1h", "--max-runtime", "2h")])
def test_limits_that_sagemaker_would_refuse_are_refused(
    context: Context, train_options: Parse, words: tuple[str]
) -> None:
    with pytest.raises(LimitsError, match="--max-wait"):
        make_plan(context, train_options(*words))


@pytest.mark.usefixtures("staged_run")
def test_the_role_of_the_command_line_comes_first(context: Context, train_options: Parse) -> None:
    assert "arn:mine" == make_plan(context, train_options("--role", "arn:mine")).role


def stack_with(cloudformation: Stubber, bucket: str) -> None:
    outputs = [
        {"OutputKey": "TrainingBucketName", "OutputValue": bucket},
        {"OutputKey": "SageMakerRoleArn", "OutputValue": "arn:stack"},
    ]
    stack = {"StackName": "s", "CreationTime": 0, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]})


def test_the_role_of_the_stack_comes_last(
    context: Context, train_options: Parse, note_staged: Stage, cloudformation: Stubber
) -> None:
    note_staged(role=None)
    stack_with(cloudformation, bucket="photos")
    assert "arn:stack" == make_plan(context, train_options()).role


def test_the_role_of_the_stack_is_not_taken_for_a_bucket_that_it_may_not_read(
    context: Context, train_options: Parse, note_staged: Stage, cloudformation: Stubber
) -> None:
    note_staged(role=None)
    stack_with(cloudformation, bucket="another")
    with pytest.raises(RoleMissingError, match="--role ARN"):
        make_plan(context, train_options())


def test_without_any_role_it_is_said_how_to_name_one(
    context: Context, train_options: Parse, note_staged: Stage, cloudformation: Stubber
) -> None:
    note_staged(role=None)
    cloudformation.add_client_error("describe_stacks", "ValidationError", "does not exist")
    with pytest.raises(RoleMissingError, match="--role ARN"):
        make_plan(context, train_options())


@pytest.mark.usefixtures("staged_run")
def test_the_model_of_another_run_can_be_gone_on_from(context: Context, train_options: Parse) -> None:
    earlier_run(context)
    assert MODEL == make_plan(context, train_options("--from-run", "old")).earlier_model


@pytest.mark.usefixtures("staged_run")
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"labels": ["truck", "automobile"]}, "truck, automobile"),
        ({"hyperparameters": {"num_layers": "50", "image_shape": "3,224,224"}}, "num_layers 50"),
    ],
)
def test_a_model_of_other_classes_or_another_network_is_refused(
    context: Context, train_options: Parse, changed: dict[str, Any], named: str
) -> None:
    earlier_run(context, **changed)
    with pytest.raises(EarlierModelError, match=named):
        make_plan(context, train_options("--from-run", "old"))


@pytest.mark.usefixtures("staged_run")
def test_a_run_that_has_no_model_is_named(context: Context, train_options: Parse) -> None:
    with pytest.raises(StepNotDoneError, match="never/run"):
        make_plan(context, train_options("--from-run", "never"))


def test_the_machine_does_not_decide_the_model(plan: Plan) -> None:
    assert plan.asked == replace(plan, instance_type="ml.g5.xlarge", max_wait=9000, max_runtime=1).asked


@pytest.mark.parametrize("changed", [{"hyperparameters": {"epochs": "3"}}, {"earlier_model": MODEL}])
def test_other_hyperparameters_or_another_start_are_another_model(plan: Plan, changed: dict[str, Any]) -> None:
    assert plan.asked != replace(plan, **changed).asked
