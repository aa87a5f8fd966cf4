"""Use training jobs of the local cloud with the AWS command line, boto3 and the SageMaker SDK."""

import io
import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from localcloud.server.cloud import Cloud, running
from localcloud.tests.contract import trained

BUCKET = "training-clients"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
# The SDK runs in its own process: its import takes seconds, and its first compilation prints
# warnings.
SCRIPT = """
import json, sys
from sagemaker.core.resources import TrainingJob
from sagemaker.core import shapes

request, result = json.load(open(sys.argv[1])), sys.argv[2]

def create(name, epochs):
    return TrainingJob.create(
        training_job_name=name,
        hyper_parameters={**request["HyperParameters"], "epochs": str(epochs)},
        algorithm_specification=shapes.AlgorithmSpecification(
            training_image=request["AlgorithmSpecification"]["TrainingImage"],
            training_input_mode="File",
        ),
        role_arn=request["RoleArn"],
        input_data_config=[
            shapes.Channel(
                channel_name=channel["ChannelName"],
                content_type=channel["ContentType"],
                data_source=shapes.DataSource(
                    s3_data_source=shapes.S3DataSource(
                        s3_data_type="S3Prefix",
                        s3_uri=channel["DataSource"]["S3DataSource"]["S3Uri"],
                    )
                ),
            )
            for channel in request["InputDataConfig"]
        ],
        output_data_config=shapes.OutputDataConfig(
            s3_output_path=request["OutputDataConfig"]["S3OutputPath"]
        ),
        resource_config=shapes.ResourceConfig(
            instance_type="ml.g4dn.xlarge", instance_count=1, volume_size_in_gb=30
        ),
        stopping_condition=shapes.StoppingCondition(max_runtime_in_seconds=600),
    )

job, endless = create("by-sdk", 2), create("endless", 1_000_000)
job.wait(poll=1)
endless.stop()
endless.wait(poll=1)
results = {
    "status": job.refresh().training_job_status,
    "model": job.model_artifacts.s3_model_artifacts,
    "stopped": endless.refresh().training_job_status,
    "all": sorted(job.training_job_name for job in TrainingJob.get_all(status_equals="Completed")),
}
json.dump(results, open(result, "w"))
"""


@pytest.fixture(scope="module", autouse=True)
def dataset(cloud: Cloud) -> None:
    trained.put_dataset(cloud, BUCKET)


@pytest.fixture(scope="module")
def job(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A job that the AWS command line created, after boto3's waiter saw its end."""
    file = tmp_path_factory.mktemp("request") / "request.json"
    file.write_text(
        json.dumps(trained.request(BUCKET, "trucks", Tags=[{"Key": "project", "Value": "apples"}]))
    )
    aws(cloud, "create-training-job", "--cli-input-json", f"file://{file}")
    return trained.settle(cloud, "trucks")


def aws(cloud: Cloud, *arguments: str) -> str:
    command = ["aws", "sagemaker", *arguments]
    return subprocess.run(
        command, env=cloud.environment, capture_output=True, check=True, text=True
    ).stdout


def test_job_of_the_command_line_completes(job: dict[str, Any]) -> None:
    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")


def test_job_leaves_a_model_that_can_be_unpacked(cloud: Cloud, job: dict[str, Any]) -> None:
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    archive = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert "model.json" in tar.getnames()


def test_command_line_waits_for_and_describes_the_job(cloud: Cloud, job: dict[str, Any]) -> None:
    aws(cloud, "wait", "training-job-completed-or-stopped", "--training-job-name", "trucks")

    described = json.loads(aws(cloud, "describe-training-job", "--training-job-name", "trucks"))
    assert job["TrainingJobArn"] == described["TrainingJobArn"]


def test_paginator_finds_the_job(cloud: Cloud, job: dict[str, Any]) -> None:
    pages = (
        cloud.client("sagemaker")
        .get_paginator("list_training_jobs")
        .paginate(NameContains="trucks", MaxResults=1)
    )

    assert [job["TrainingJobName"]] == [
        one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]
    ]


def test_tags_of_the_job_are_listed(cloud: Cloud, job: dict[str, Any]) -> None:
    tags = cloud.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]

    assert [{"Key": "project", "Value": "apples"}] == tags


def test_log_of_the_job_is_in_cloudwatch(cloud: Cloud, job: dict[str, Any]) -> None:
    logs = cloud.client("logs")
    found = logs.filter_log_events(
        logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job['TrainingJobName']}/algo-1-"
    )

    assert any("Epoch[1] Validation-accuracy=" in event["message"] for event in found["events"])


def test_metrics_of_the_job_are_in_cloudwatch(cloud: Cloud, job: dict[str, Any]) -> None:
    dimension = {"Name": "TrainingJobName", "Value": job["TrainingJobName"]}
    metrics = cloud.client("cloudwatch").list_metrics(Namespace=LOG_GROUP, Dimensions=[dimension])[
        "Metrics"
    ]

    assert {"train:accuracy", "validation:accuracy"} == {metric["MetricName"] for metric in metrics}
    assert {"train:accuracy", "validation:accuracy"} == {
        one["MetricName"] for one in job["FinalMetricDataList"]
    }


def test_taken_name_is_an_error_that_boto3_knows(cloud: Cloud, job: dict[str, Any]) -> None:
    sagemaker = cloud.client("sagemaker")

    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_training_job(**trained.request(BUCKET, job["TrainingJobName"]))


def test_job_without_a_role_is_refused_in_aws_words(cloud: Cloud) -> None:
    nobody = trained.ROLE.replace("training", "nobody")

    with pytest.raises(ClientError, match=r"Could not assume role .*/nobody"):
        cloud.client("sagemaker").create_training_job(
            **trained.request(BUCKET, "no-role", RoleArn=nobody)
        )


def test_job_whose_role_may_not_read_fails_by_the_clients_fault(cloud: Cloud) -> None:
    elsewhere = trained.request("elsewhere", "no-rights")["InputDataConfig"]
    cloud.client("sagemaker").create_training_job(
        **trained.request(BUCKET, "no-rights", InputDataConfig=elsewhere)
    )

    with pytest.raises(WaiterError, match="Failed"):
        trained.settle(cloud, "no-rights")
    reason = cloud.client("sagemaker").describe_training_job(TrainingJobName="no-rights")[
        "FailureReason"
    ]
    assert reason.startswith(
        "ClientError: User: arn:aws:sts::000000000000:assumed-role/training/SageMaker is not"
    )


def tuning_request(name: str, **definition: Any) -> dict[str, Any]:
    """Return a request for a tuning job of two training jobs."""
    training: dict[str, Any] = {**trained.request(BUCKET, "unused"), **definition}
    del training["TrainingJobName"]
    training["StaticHyperParameters"] = training.pop("HyperParameters")
    rates = {
        "Name": "learning_rate",
        "MinValue": "0.001",
        "MaxValue": "0.1",
        "ScalingType": "Logarithmic",
    }
    config = {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {
            "Type": "Maximize",
            "MetricName": "validation:accuracy",
        },
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"ContinuousParameterRanges": [rates]},
        "RandomSeed": 1,
    }
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": training,
    }


def test_tuning_job_finds_its_best_training_job(cloud: Cloud) -> None:
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_hyper_parameter_tuning_job(**tuning_request("tuned"))

    tuning: Any = {"HyperParameterTuningJobStatus": "InProgress"}
    while tuning["HyperParameterTuningJobStatus"] == "InProgress":
        time.sleep(0.1)
        tuning = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="tuned")

    assert 2 == tuning["TrainingJobStatusCounters"]["Completed"], tuning
    assert tuning["BestTrainingJob"]["TrainingJobName"].startswith("tuned-00")


def test_tuning_job_whose_role_does_not_trust_sagemaker_is_refused(cloud: Cloud) -> None:
    trusted = {"Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    role = cloud.client("iam").create_role(
        RoleName="tuning-of-lambda",
        AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}),
    )["Role"]["Arn"]
    sagemaker = cloud.client("sagemaker")

    with pytest.raises(ClientError, match=rf"ValidationException.*Could not assume role {role}\."):
        sagemaker.create_hyper_parameter_tuning_job(**tuning_request("untrusted", RoleArn=role))

    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="untrusted")


@pytest.fixture(scope="module")
def results(cloud: Cloud, job: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The results of the SDK's script."""
    folder = tmp_path_factory.mktemp("sdk")
    (folder / "request.json").write_text(json.dumps(trained.request(BUCKET, "unused")))
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, "request.json", "result.json"]
    ended = subprocess.run(
        command, env=cloud.environment, cwd=folder, capture_output=True, check=False, text=True
    )
    assert 0 == ended.returncode, ended.stderr
    return json.loads((folder / "result.json").read_text())


def test_job_of_the_sdk_completes_and_has_a_model(results: Any) -> None:
    assert "Completed" == results["status"]
    assert f"s3://{BUCKET}/models/by-sdk/output/model.tar.gz" == results["model"]


def test_job_stopped_through_the_sdk_is_stopped(results: Any) -> None:
    assert "Stopped" == results["stopped"]


def test_jobs_are_found_through_the_sdk(results: Any) -> None:
    assert {"by-sdk", "trucks"} <= set(results["all"])


def test_unfinished_job_stops_with_the_cloud_and_continues_in_the_next(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as first:
        trained.put_dataset(first, BUCKET)
        checkpoints = {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints"}}
        first.client("sagemaker").create_training_job(
            **trained.request(BUCKET, "trucks", 1_000_000, **checkpoints)
        )
        deadline = time.monotonic() + 60
        while (
            not first.client("s3")
            .list_objects_v2(Bucket=BUCKET, Prefix="checkpoints/")
            .get("Contents")
        ):
            assert time.monotonic() < deadline, "no checkpoint"
            time.sleep(0.1)
    left = subprocess.run(
        ["pgrep", "--full", str(tmp_path)], capture_output=True, check=False, text=True
    ).stdout
    with running(tmp_path) as second:
        second.client("sagemaker").stop_training_job(TrainingJobName="trucks")
        job = trained.settle(second, "trucks")

    assert "" == left
    assert "Restarting" in [one["Status"] for one in job["SecondaryStatusTransitions"]]
