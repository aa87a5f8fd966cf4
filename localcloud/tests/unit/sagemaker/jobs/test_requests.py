"""Check the requests for training jobs."""

from typing import Any

import pytest

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.sagemaker.algorithms import Algorithms
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.jobs.requests import training_job
from localcloud.tests.unit.sagemaker.jobs.lab import channel, training_request

SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}
INSTANCE = {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1}
IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"


RULE = {"RuleConfigurationName": "LossNotDecreasing", "RuleEvaluatorImage": "rules:1"}


def asked(**changes: Any) -> dict[str, Any]:
    return training_job(training_request(**changes), Algorithms((IMAGE_CLASSIFICATION,)))


def with_channel(**members: Any) -> dict[str, Any]:
    return {"InputDataConfig": [channel("train", "s3://data/train") | members]}


def with_source(**members: Any) -> dict[str, Any]:
    return with_channel(DataSource={"S3DataSource": SOURCE | members})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"AlgorithmSpecification": {"AlgorithmName": "mine", "TrainingInputMode": "File"}},
            "AlgorithmName",
        ),
        (
            {"AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}},
            "TrainingInputMode",
        ),
        (with_channel(CompressionType="Gzip"), "InputDataConfig.CompressionType Gzip"),
        (with_channel(RecordWrapperType="RecordIO"), "RecordWrapperType"),
        (with_channel(InputMode="FastFile"), "InputMode FastFile"),
        (with_channel(ShuffleConfig={"Seed": 1}), "ShuffleConfig"),
        (with_channel(ContentType="text/csv"), "ContentType text/csv"),
        (with_source(S3DataType="ManifestFile"), "S3DataType ManifestFile"),
        (with_source(AttributeNames=["source-ref"]), "AttributeNames"),
        (with_source(S3Uri="https://data/train"), "s3://"),
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://data/models", "CompressionType": "NONE"}},
            "CompressionType NONE",
        ),
        ({"ResourceConfig": INSTANCE | {"InstanceCount": 2}}, "ResourceConfig.InstanceCount 2"),
        (
            {"ResourceConfig": INSTANCE | {"KeepAlivePeriodInSeconds": 600}},
            "KeepAlivePeriodInSeconds",
        ),
        (
            {"CheckpointConfig": {"S3Uri": "s3://data/c", "LocalPath": "/elsewhere"}},
            "LocalPath /elsewhere",
        ),
        ({"DebugRuleConfigurations": [RULE]}, "DebugRuleConfigurations"),
        ({"ProfilerRuleConfigurations": [RULE]}, "ProfilerRuleConfigurations"),
        (
            {"TensorBoardOutputConfig": {"S3OutputPath": "s3://data/board"}},
            "TensorBoardOutputConfig",
        ),
        ({"ExperimentConfig": {"ExperimentName": "apples"}}, "ExperimentConfig"),
        ({"RetryStrategy": {"MaximumRetryAttempts": 2}}, "RetryStrategy"),
    ],
)
def test_member_that_changes_the_job_and_is_not_emulated_is_refused(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotEmulatedError, match=words):
        asked(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"ProfilerConfig": {"DisableProfiler": True}},
        {"RemoteDebugConfig": {"EnableRemoteDebug": False}},
        {"ResourceConfig": INSTANCE | {"KeepAlivePeriodInSeconds": 0}},
        {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}},
        with_source(S3DataDistributionType="ShardedByS3Key"),
    ],
)
def test_member_that_cannot_change_the_job_is_accepted(changes: dict[str, Any]) -> None:
    assert "trucks" == asked(**changes)["TrainingJobName"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"InputDataConfig": [channel("train", "s3://data/a"), channel("train", "s3://data/b")]},
            "same ChannelName",
        ),
        ({"InputDataConfig": None}, "InputDataConfig is missing"),
        (
            {"AlgorithmSpecification": {"TrainingImage": "xgboost:1", "TrainingInputMode": "File"}},
            "Cannot find the requested image: xgboost:1",
        ),
        ({"ResourceConfig": {"InstanceCount": 1}}, "ResourceConfig.InstanceType is missing"),
        (
            {"ResourceConfig": INSTANCE | {"VolumeKmsKeyId": "key"}},
            "VolumeKmsKeyId is not supported",
        ),
        ({"EnableManagedSpotTraining": True}, "Invalid MaxWaitTimeInSeconds"),
        (
            {
                "EnableManagedSpotTraining": True,
                "StoppingCondition": {"MaxRuntimeInSeconds": 20, "MaxWaitTimeInSeconds": 10},
            },
            "Invalid MaxWaitTimeInSeconds",
        ),
        (
            {"StoppingCondition": {"MaxWaitTimeInSeconds": 10}},
            "only when EnableManagedSpotTraining",
        ),
        (
            {
                "AlgorithmSpecification": {
                    "TrainingImage": IMAGE,
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": "a", "Regex": "b"}],
                }
            },
            "can't override the metric definitions",
        ),
    ],
)
def test_request_that_aws_refuses_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        asked(**changes)


def test_job_without_a_limit_may_run_for_a_day() -> None:
    job = asked(StoppingCondition=None)

    assert {"MaxRuntimeInSeconds": 86_400} == job["StoppingCondition"]


def test_settings_of_the_debugger_are_recorded() -> None:
    hook = {"S3OutputPath": "s3://data/debug", "CollectionConfigurations": []}
    profiler = {"S3OutputPath": "s3://data/debug", "DisableProfiler": False}

    job = asked(DebugHookConfig=hook, ProfilerConfig=profiler)

    assert hook == job["DebugHookConfig"]
    assert profiler == job["ProfilerConfig"]


def test_output_without_a_key_is_described_with_an_empty_one() -> None:
    described = asked(OutputDataConfig={"S3OutputPath": "s3://data/models"})["OutputDataConfig"]

    assert {
        "S3OutputPath": "s3://data/models",
        "KmsKeyId": "",
        "CompressionType": "GZIP",
    } == described


@pytest.mark.parametrize("tag", ["1", "latest"])
def test_image_of_the_algorithm_is_found_by_both_tags_of_aws(tag: str) -> None:
    image = f"433757028032.dkr.ecr.us-west-2.amazonaws.com/image-classification:{tag}"

    job = asked(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})

    assert image == job["AlgorithmSpecification"]["TrainingImage"]
