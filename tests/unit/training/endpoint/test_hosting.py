"""Which options of `deploy` go together."""

import argparse

import pytest

from training.endpoint.hosting import (
    CAPTURED,
    Hosting,
    HostingOptionsError,
    Scaling,
    UnknownInstanceTypeError,
    add_hosting_arguments,
)
from training.project.training_stack import TEMPLATE

TYPES = ("ml.m5.large", "ml.m5d.large", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.c6i.large")


def hosting(*arguments: str) -> Hosting:
    parser = argparse.ArgumentParser()
    add_hosting_arguments(parser)
    return Hosting.of(parser.parse_args(arguments), "photos", TYPES)


def test_hosting_without_options_is_one_ml_m5_large() -> None:
    assert Hosting("realtime", instance_type="ml.m5.large") == hosting()


def test_serverless_hosting_has_memory_and_concurrency_alone() -> None:
    assert Hosting("serverless", memory_mb=3072, max_concurrency=5) == hosting(
        "--mode", "serverless", "--memory", "3072"
    )


def test_capture_goes_to_the_bucket_of_the_dataset() -> None:
    captured = hosting("--capture", "0.2")
    assert 20 == captured.capture_percent
    assert "s3://photos/captured" == captured.capture_url


@pytest.mark.parametrize(
    ("prefix", "url"),
    [("captured/canary", "s3://photos/captured/canary"), ("captured/", "s3://photos/captured")],
)
def test_capture_prefix_below_captured_is_taken(prefix: str, url: str) -> None:
    assert url == hosting("--capture", "0.2", "--capture-prefix", prefix).capture_url


@pytest.mark.parametrize(
    "prefix", ["requests", "captured-requests", "/captured", "models/captured"]
)
def test_capture_prefix_that_the_role_may_not_write_is_refused(prefix: str) -> None:
    with pytest.raises(
        HostingOptionsError, match=f"--capture-prefix {prefix} is outside captured/.*Use captured/"
    ):
        hosting("--capture", "0.2", "--capture-prefix", prefix)


def test_role_of_the_training_stack_may_write_captured_data() -> None:
    assert f'!Sub "${{TrainingBucket.Arn}}/{CAPTURED}/*"' in TEMPLATE.read_text(encoding="utf-8")


def test_scaling_begins_with_the_fewest_instances() -> None:
    scaled = hosting("--autoscale", "2:4", "--invocations-per-instance", "90")
    assert 2 == scaled.instances
    assert Scaling(2, 4, 90) == scaled.scaling


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--mode serverless --capture 0.1", "--capture cannot be used with --mode serverless"),
        (
            "--mode serverless --kms-key k --autoscale 1:2",
            "--kms-key, --autoscale cannot be used with --mode serverless",
        ),
        (
            "--mode serverless --instance-type ml.m5.large",
            "--instance-type cannot be used with --mode serverless",
        ),
        ("--memory 2048", "--memory cannot be used with --mode realtime"),
        (
            "--kms-key k --instance-type ml.g4dn.xlarge",
            "--kms-key has no effect on an ml.g4dn.xlarge",
        ),
        ("--kms-key k --instance-type ml.g5.xlarge", "--kms-key has no effect"),
        ("--kms-key k --instance-type ml.m5d.large", "--kms-key has no effect"),
        ("--instances 5 --autoscale 1:4", "--instances 5 is outside --autoscale 1:4"),
        ("--invocations-per-instance 9", "needs --autoscale"),
        ("--capture-prefix captured/a", "--capture-prefix needs --capture"),
    ],
)
def test_options_that_contradict_each_other_are_refused(arguments: str, message: str) -> None:
    with pytest.raises(HostingOptionsError, match=message):
        hosting(*arguments.split())


@pytest.mark.parametrize("instance_type", ["ml.m5.large", "ml.c6i.large"])
def test_a_key_is_taken_for_instances_whose_disks_are_volumes(instance_type: str) -> None:
    assert "k" == hosting("--kms-key", "k", "--instance-type", instance_type).kms_key


def test_unknown_instance_type_is_refused_with_similar_types() -> None:
    with pytest.raises(
        UnknownInstanceTypeError, match=r"'ml.m5.larg'.*Similar types are ml.m5.large"
    ):
        hosting("--instance-type", "ml.m5.larg")


@pytest.mark.parametrize(
    "arguments",
    [
        "--capture 0",
        "--capture 20",
        "--capture 1",
        "--autoscale 3:1",
        "--autoscale 0:1",
        "--autoscale 2",
        "--memory 1000",
    ],
)
def test_numbers_out_of_bounds_are_wrong_usage(arguments: str) -> None:
    with pytest.raises(SystemExit):
        hosting(*arguments.split())


def test_bounds_of_scaling_do_not_change_the_configuration() -> None:
    assert hosting().asked == hosting("--autoscale", "1:4").asked
