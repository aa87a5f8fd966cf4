"""Combine run.json, the options and hyperparameters.toml into the plan of a training job."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from training.jobs.hyperparameters import HyperparameterError
from training.jobs.plan import EarlierModelError, LimitsError, Plan, RoleMissingError, make_plan
from training.project.run_file import StepNotDoneError, open_run_file
from training.project.training_stack import TrainingStack
from training.steps.context import Context

type Parse = Callable[..., argparse.Namespace]
type Stage = Callable[..., None]
MODEL = "s3://photos/models/1/output/model.tar.gz"


def no_stack() -> None:
    """Find no training stack."""


def stack_with(bucket: str) -> Callable[[], TrainingStack]:
    return lambda: TrainingStack(bucket, "arn:stack")


def earlier_run(context: Context, **changed: Any) -> None:
    run = open_run_file(context.run.folder.parent / "old")
    network = {"num_layers": "18", "image_shape": "3,224,224"}
    run.begin("train")
    run.done(
        "train",
        {
            "image": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
            "labels": ["automobile", "truck"],
            "hyperparameters": network,
            "model_data": MODEL,
            **changed,
        },
    )


def test_run_without_a_dataset_names_stage(context: Context, train_options: Parse) -> None:
    with pytest.raises(StepNotDoneError, match="scones stage"):
        make_plan(context.run, train_options(), no_stack)


@pytest.mark.usefixtures("staged_run")
def test_classes_and_training_images_follow_from_the_dataset(
    context: Context, train_options: Parse
) -> None:
    chosen = make_plan(context.run, train_options(), no_stack).hyperparameters
    assert "2" == chosen["num_classes"]
    assert "40" == chosen["num_training_samples"]


def test_entries_of_repeated_images_are_training_samples(
    context: Context, train_options: Parse, note_staged: Callable[..., None]
) -> None:
    note_staged(training_entries=55)
    chosen = make_plan(context.run, train_options(), no_stack).hyperparameters
    assert "55" == chosen["num_training_samples"]


@pytest.mark.usefixtures("staged_run")
def test_a_flag_overrides_the_file(context: Context, train_options: Parse) -> None:
    assert (
        "0.5"
        == make_plan(
            context.run, train_options("--learning-rate", "0.5"), no_stack
        ).hyperparameters["learning_rate"]
    )


@pytest.mark.usefixtures("staged_run")
def test_a_flag_is_checked_as_the_file_is(context: Context, train_options: Parse) -> None:
    with pytest.raises(HyperparameterError, match="momentum"):
        make_plan(context.run, train_options("--momentum", "2"), no_stack)


@pytest.mark.usefixtures("staged_run")
def test_without_spot_there_is_no_time_for_waiting(context: Context, train_options: Parse) -> None:
    plan = make_plan(context.run, train_options(), no_stack)
    assert 7200 == plan.max_runtime
    assert plan.max_wait is None


@pytest.mark.usefixtures("staged_run")
def test_spot_waits_by_default_as_long_as_the_job_may_train(
    context: Context, train_options: Parse
) -> None:
    assert (
        3600
        == make_plan(
            context.run, train_options("--spot", "--max-runtime", "30m"), no_stack
        ).max_wait
    )


@pytest.mark.usefixtures("staged_run")
@pytest.mark.parametrize(
    "words", [("--max-wait", "3h"), ("--spot", "--max-wait", "1h", "--max-runtime", "2h")]
)
def test_limits_that_sagemaker_would_refuse_are_refused(
    context: Context, train_options: Parse, words: tuple[str]
) -> None:
    with pytest.raises(LimitsError, match="--max-wait"):
        make_plan(context.run, train_options(*words), no_stack)


@pytest.mark.usefixtures("staged_run")
def test_the_role_of_the_command_line_comes_first(context: Context, train_options: Parse) -> None:
    assert "arn:mine" == make_plan(context.run, train_options("--role", "arn:mine"), no_stack).role


def test_the_role_of_the_stack_comes_last(
    context: Context, train_options: Parse, note_staged: Stage
) -> None:
    note_staged(role=None)
    assert "arn:stack" == make_plan(context.run, train_options(), stack_with("photos")).role


def test_stack_role_is_not_used_for_another_bucket(
    context: Context, train_options: Parse, note_staged: Stage
) -> None:
    note_staged(role=None)
    with pytest.raises(RoleMissingError, match="--role ARN"):
        make_plan(context.run, train_options(), stack_with("another"))


def test_without_any_role_it_is_said_how_to_name_one(
    context: Context, train_options: Parse, note_staged: Stage
) -> None:
    note_staged(role=None)
    with pytest.raises(RoleMissingError, match="--role ARN"):
        make_plan(context.run, train_options(), no_stack)


@pytest.mark.usefixtures("staged_run")
def test_training_can_start_from_the_model_of_another_run(
    context: Context, train_options: Parse
) -> None:
    earlier_run(context)
    assert (
        MODEL == make_plan(context.run, train_options("--from-run", "old"), no_stack).earlier_model
    )


@pytest.mark.usefixtures("staged_run")
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"labels": ["truck", "automobile"]}, "truck, automobile"),
        ({"hyperparameters": {"num_layers": "50", "image_shape": "3,224,224"}}, "num_layers 50"),
        ({"image": "account/sagemaker-scikit-learn:1.9-0-cpu-py3"}, "--algorithm transfer-learn"),
    ],
)
def test_a_model_of_other_classes_or_another_network_or_algorithm_is_refused(
    context: Context, train_options: Parse, changed: dict[str, Any], named: str
) -> None:
    earlier_run(context, **changed)
    with pytest.raises(EarlierModelError, match=named):
        make_plan(context.run, train_options("--from-run", "old"), no_stack)


@pytest.mark.usefixtures("staged_run")
@pytest.mark.parametrize(
    ("algorithm", "machine"),
    [("image-classification", "ml.g4dn.xlarge"), ("transfer-learning", "ml.m5.large")],
)
def test_algorithm_decides_the_default_machine(
    context: Context, train_options: Parse, algorithm: str, machine: str
) -> None:
    plan = make_plan(context.run, train_options("--algorithm", algorithm), no_stack)
    assert machine == plan.instance_type


@pytest.mark.usefixtures("staged_run")
def test_a_run_that_has_no_model_is_named(context: Context, train_options: Parse) -> None:
    with pytest.raises(StepNotDoneError, match="never/run"):
        make_plan(context.run, train_options("--from-run", "never"), no_stack)


def test_the_machine_does_not_decide_the_model(plan: Plan) -> None:
    assert (
        plan.asked
        == replace(plan, instance_type="ml.g5.xlarge", max_wait=9000, max_runtime=1).asked
    )


@pytest.mark.parametrize(
    "changed", [{"hyperparameters": {"epochs": "3"}}, {"earlier_model": MODEL}]
)
def test_other_hyperparameters_or_another_start_are_another_model(
    plan: Plan, changed: dict[str, Any]
) -> None:
    assert plan.asked != replace(plan, **changed).asked
