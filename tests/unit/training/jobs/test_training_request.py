"""The request for a training job: AWS's own idea of it, and what must be in it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from training.jobs.plan import Plan
from training.jobs.training_request import Source, training_job_request

TAGS = [{"Key": "project", "Value": "scones-unlimited"}]


def request_of(plan: Plan) -> dict[str, Any]:
    return training_job_request(
        plan, "cars-1", "account/image-classification:1", "s3://photos/checkpoints/1/", TAGS
    )


def channels_of(plan: Plan) -> dict[str, tuple[str, str]]:
    channels = request_of(plan)["InputDataConfig"]
    return {
        channel["ChannelName"]: (
            channel["DataSource"]["S3DataSource"]["S3Uri"],
            channel["ContentType"],
        )
        for channel in channels
    }


@pytest.fixture
def full_plan(plan: Plan) -> Plan:
    """With everything that can be asked for."""
    recordio = replace(plan.dataset, recordio=True)
    model = "s3://photos/models/1/output/model.tar.gz"
    return replace(
        plan,
        dataset=recordio,
        earlier_model=model,
        max_wait=9000,
        kms_key="alias/models",
        instance_type="ml.p3.2xlarge",
        volume_kms_key="alias/disks",
    )


def test_the_request_is_valid_for_botocore(plan: Plan, valid_request: Callable[..., None]) -> None:
    valid_request("sagemaker", "CreateTrainingJob", request_of(plan))


def test_the_request_with_everything_is_valid_for_botocore(
    full_plan: Plan, valid_request: Callable[..., None]
) -> None:
    valid_request("sagemaker", "CreateTrainingJob", request_of(full_plan))


def test_images_come_in_four_channels_that_end_as_folders_do(plan: Plan) -> None:
    base, images = "s3://photos/datasets/cars", "application/x-image"
    expected = {
        "train": (f"{base}/train/", images),
        "validation": (f"{base}/validation/", images),
        "train_lst": (f"{base}/train_lst/", images),
        "validation_lst": (f"{base}/validation_lst/", images),
    }
    assert expected == channels_of(plan)


def test_recordio_comes_in_two_channels(plan: Plan) -> None:
    base, recordio = "s3://photos/datasets/cars", "application/x-recordio"
    expected = {
        "train": (f"{base}/train_rec/", recordio),
        "validation": (f"{base}/validation_rec/", recordio),
    }
    assert expected == channels_of(replace(plan, dataset=replace(plan.dataset, recordio=True)))


def test_an_earlier_model_comes_in_a_channel_of_its_own(full_plan: Plan) -> None:
    expected = ("s3://photos/models/1/output/model.tar.gz", "application/x-sagemaker-model")
    assert expected == channels_of(full_plan)["model"]


def test_no_channel_holds_test_images(plan: Plan, full_plan: Plan) -> None:
    urls = [url for some in (plan, full_plan) for url, _ in channels_of(some).values()]
    assert [] == [url for url in urls if "/test" in url]


def test_every_machine_gets_all_of_the_data(plan: Plan) -> None:
    sources = [
        channel["DataSource"]["S3DataSource"] for channel in request_of(plan)["InputDataConfig"]
    ]
    assert {"FullyReplicated"} == {source["S3DataDistributionType"] for source in sources}


def test_all_hyperparameters_are_strings(plan: Plan) -> None:
    assert {str} == {type(text) for text in request_of(plan)["HyperParameters"].values()}


def test_request_without_spot_does_not_mention_spot(plan: Plan) -> None:
    request = request_of(plan)
    assert {"MaxRuntimeInSeconds": 7200} == request["StoppingCondition"]
    assert "EnableManagedSpotTraining" not in request


def test_spot_machines_come_with_a_time_for_waiting_and_training(full_plan: Plan) -> None:
    request = request_of(full_plan)
    assert request["EnableManagedSpotTraining"] is True
    assert {"MaxRuntimeInSeconds": 7200, "MaxWaitTimeInSeconds": 9000} == request[
        "StoppingCondition"
    ]


def test_an_interruption_costs_little_with_or_without_spot_machines(plan: Plan) -> None:
    assert {"S3Uri": "s3://photos/checkpoints/1/"} == request_of(plan)["CheckpointConfig"]


def test_the_keys_encrypt_model_and_volume(full_plan: Plan) -> None:
    request = request_of(full_plan)
    assert "alias/models" == request["OutputDataConfig"]["KmsKeyId"]
    assert "alias/disks" == request["ResourceConfig"]["VolumeKmsKeyId"]


SOURCE = Source("s3://photos/algorithm/d1/", "sourcedir.tar.gz", "d1")


def script_request(plan: Plan) -> dict[str, Any]:
    image = "account/sagemaker-scikit-learn:1.9-0-cpu-py3"
    machine = replace(plan, algorithm="transfer-learning", instance_type="ml.m5.large")
    return training_job_request(machine, "cars-1", image, "s3://photos/c/1/", TAGS, SOURCE)


def test_request_of_our_algorithm_is_valid_for_botocore(
    plan: Plan, valid_request: Callable[..., None]
) -> None:
    valid_request("sagemaker", "CreateTrainingJob", script_request(plan))


def test_our_algorithm_has_no_network_and_gets_its_source_as_a_channel(plan: Plan) -> None:
    request = script_request(plan)

    assert request["EnableNetworkIsolation"]
    code = request["InputDataConfig"][-1]
    assert "code" == code["ChannelName"]
    assert SOURCE.url == code["DataSource"]["S3DataSource"]["S3Uri"]
    hyperparameters = request["HyperParameters"]
    assert (
        "/opt/ml/input/data/code/sourcedir.tar.gz"
        == (hyperparameters["sagemaker_submit_directory"])
    )
    assert "train.py" == hyperparameters["sagemaker_program"]


def test_metrics_of_our_algorithm_are_defined(plan: Plan) -> None:
    metrics = script_request(plan)["AlgorithmSpecification"]["MetricDefinitions"]
    assert ["train:accuracy", "validation:accuracy"] == [metric["Name"] for metric in metrics]


def test_built_in_algorithm_defines_no_metrics(plan: Plan) -> None:
    assert "MetricDefinitions" not in request_of(plan)["AlgorithmSpecification"]
