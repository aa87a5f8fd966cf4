"""Run training jobs from their creation to their end, as clients see them."""

import io
import tarfile
from typing import Any

import pytest

from localcloud.api.protocol import InvalidRequestError, ResourceInUseError
from localcloud.tests.unit.sagemaker.jobs.lab import NEVER_END, TRAIN, TRAIN_UNTIL_STOPPED

UNTIL_STOPPED_WITH_MODEL = TRAIN + "; " + TRAIN_UNTIL_STOPPED


def statuses(job: dict[str, Any]) -> list[str]:
    return [transition["Status"] for transition in job["SecondaryStatusTransitions"]]


def packed_files(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return sorted(tar.getnames())


def test_job_passes_through_the_statuses_in_aws_order(lab: Any) -> None:
    lab.create()

    job = lab.settle()

    assert ["Starting", "Downloading", "Training", "Uploading", "Completed"] == statuses(job)
    assert "Completed" == job["TrainingJobStatus"]


def test_transitions_follow_each_other_without_a_gap(lab: Any) -> None:
    lab.create()

    transitions = lab.settle()["SecondaryStatusTransitions"]

    assert [one["EndTime"] for one in transitions[:-1]] == [
        one["StartTime"] for one in transitions[1:]
    ]
    assert all(one["StatusMessage"] for one in transitions)


def test_model_of_a_completed_job_is_where_its_description_says(lab: Any) -> None:
    lab.create()

    url = lab.settle()["ModelArtifacts"]["S3ModelArtifacts"]

    assert "s3://data/models/trucks/output/model.tar.gz" == url
    assert ["head"] == packed_files(lab.objects.objects[url])


def test_output_data_is_uploaded_beside_the_model(lab: Any) -> None:
    lab.script = 'echo report >"$1/output/data/report.txt"'
    lab.create()
    lab.settle()

    assert ["report.txt"] == packed_files(
        lab.objects.objects["s3://data/models/trucks/output/output.tar.gz"]
    )


def test_algorithm_finds_channels_and_configuration(lab: Any) -> None:
    lab.script = 'cd "$1/input"; find . -type f | sort; cat config/hyperparameters.json; echo'
    lab.create()
    lab.settle()

    files = ["hyperparameters", "inputdataconfig", "resourceconfig"]
    expected = [
        *(f"./config/{name}.json" for name in files),
        "./data/train/truck/1.png",
        '{"num_classes": "2"}',
    ]
    assert expected == lab.telemetry.lines


def test_final_metrics_are_the_last_in_the_log(lab: Any) -> None:
    lab.script = (
        'for accuracy in 0.5 nothing 0.75; do echo "Epoch[0] Validation-accuracy=$accuracy"; done'
    )
    lab.create()

    final = lab.settle()["FinalMetricDataList"]

    assert [("validation:accuracy", 0.75)] == [
        (metric["MetricName"], metric["Value"]) for metric in final
    ]
    assert [0.5, 0.75] == [metric["Value"] for metric in lab.telemetry.metrics]


def test_failed_job_has_the_reason_of_the_algorithm(lab: Any) -> None:
    lab.script = 'echo "The train channel is empty." >"$1/output/failure"; exit 3'
    lab.create()

    job = lab.settle()

    assert "Failed" == job["TrainingJobStatus"]
    assert "Failed" == job["SecondaryStatus"]
    assert "AlgorithmError: The train channel is empty., exit code: 3" == job["FailureReason"]


def test_failure_reason_is_cut_to_the_limit_of_the_api(lab: Any) -> None:
    lab.script = 'head -c 5000 /dev/zero | tr "\\0" x >"$1/output/failure"; exit 1'
    lab.create()

    assert 1024 == len(lab.settle()["FailureReason"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"OutputDataConfig": {"S3OutputPath": "s3://data/models"}},
            "not authorized to perform: s3:GetObject",
        ),
        (
            {"InputDataConfig": [{"prefix": "s3://data/nothing"}]},
            'No S3 objects found under S3 URL "s3://data/nothing"',
        ),
        ({"InputDataConfig": [{"prefix": "s3://elsewhere/train"}]}, "NoSuchBucket"),
    ],
    ids=["denied", "empty", "no bucket"],
)
def test_job_without_its_data_fails_by_the_clients_fault(
    lab: Any, changes: dict[str, Any], reason: str
) -> None:
    lab.iam.denied.add("s3:GetObject")
    for channel in changes.get("InputDataConfig", []):
        source = {"S3DataType": "S3Prefix", "S3Uri": channel.pop("prefix")}
        channel |= {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
    lab.create(**changes)

    job = lab.settle()

    assert job["FailureReason"].startswith("ClientError: ")
    assert reason in job["FailureReason"]
    assert ["Starting", "Downloading", "Failed"] == statuses(job)


def test_job_whose_role_may_not_write_the_model_fails(lab: Any) -> None:
    lab.iam.denied.add("s3:PutObject")
    lab.create()

    assert (
        "s3:PutObject on resource: arn:aws:s3:::data/models/trucks" in lab.settle()["FailureReason"]
    )


@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Encrypt"])
def test_job_whose_role_may_not_encrypt_the_model_fails(lab: Any, action: str) -> None:
    lab.iam.denied.add(action)
    lab.create(OutputDataConfig={"S3OutputPath": "s3://data/models", "KmsKeyId": "alias/models"})
    job = lab.settle()
    assert "Failed" == job["TrainingJobStatus"]
    assert f"not authorized to perform: {action}" in job["FailureReason"]
    lab.create("plain")
    assert "Completed" == lab.settle("plain")["TrainingJobStatus"]


def test_model_is_encrypted_with_the_key_of_the_output(lab: Any) -> None:
    lab.create(OutputDataConfig={"S3OutputPath": "s3://data/models", "KmsKeyId": "alias/models"})
    url = lab.settle()["ModelArtifacts"]["S3ModelArtifacts"]
    assert {url: "alias/models"} == lab.objects.keys


def test_job_whose_role_may_not_decrypt_its_data_fails(lab: Any) -> None:
    lab.objects.keys["s3://data/train/truck/1.png"] = "alias/images"
    lab.iam.denied.add("kms:Decrypt")
    lab.create()
    assert (
        "not authorized to perform: kms:Decrypt on resource: alias/images"
        in lab.settle()["FailureReason"]
    )


def test_job_whose_role_may_not_lend_the_key_of_its_volume_is_not_created(lab: Any) -> None:
    lab.iam.denied.add("kms:CreateGrant")
    resources = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    with pytest.raises(
        InvalidRequestError, match=r"not authorized to perform: kms:CreateGrant on resource: disks"
    ):
        lab.create(ResourceConfig={**resources, "VolumeKmsKeyId": "disks"})
    lab.create(ResourceConfig=resources)
    assert "Completed" == lab.settle()["TrainingJobStatus"]


def test_job_with_a_role_that_cannot_be_assumed_is_not_created(lab: Any) -> None:
    lab.iam.denied.add("sts:AssumeRole")

    with pytest.raises(InvalidRequestError, match="not authorized to perform: sts:AssumeRole"):
        lab.create()


def test_stopped_job_keeps_the_model_that_the_algorithm_saved(lab: Any) -> None:
    lab.script = UNTIL_STOPPED_WITH_MODEL
    lab.create()
    lab.begun()

    lab.call("StopTrainingJob", TrainingJobName="trucks")
    stopping = lab.describe()
    job = lab.settle()

    assert "Stopping" == stopping["TrainingJobStatus"]
    assert "Stopping" == stopping["SecondaryStatus"]
    assert ["Starting", "Downloading", "Training", "Stopping", "Uploading", "Stopped"] == statuses(
        job
    )
    assert job["ModelArtifacts"]["S3ModelArtifacts"] in lab.objects.objects


def test_algorithm_that_ignores_the_stop_is_killed(lab: Any) -> None:
    lab.stop()
    lab.start(grace_seconds=0.05)
    lab.script = NEVER_END
    lab.create()
    lab.begun()

    lab.call("StopTrainingJob", TrainingJobName="trucks")

    assert "Stopped" == lab.settle()["TrainingJobStatus"]


def test_job_that_exceeds_its_runtime_is_stopped(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    lab.create(StoppingCondition={"MaxRuntimeInSeconds": 1})

    job = lab.settle()

    assert "Stopped" == job["TrainingJobStatus"]
    assert "MaxRuntimeExceeded" == job["SecondaryStatus"]


def test_spot_job_that_waits_too_long_is_stopped(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    lab.create("first")
    limits = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    lab.create("second", EnableManagedSpotTraining=True, StoppingCondition=limits)

    job = lab.settle("second")

    assert "Stopped" == job["TrainingJobStatus"]
    assert "MaxWaitTimeExceeded" == job["SecondaryStatus"]
    assert ["Starting", "MaxWaitTimeExceeded"] == statuses(job)


def test_second_job_waits_until_the_first_has_ended(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    lab.create("first")
    lab.create("second")
    lab.begun("first")

    waiting = lab.describe("second")
    lab.call("StopTrainingJob", TrainingJobName="first")
    lab.begun("second")

    assert "Starting" == waiting["SecondaryStatus"]
    assert "Stopped" == lab.describe("first")["TrainingJobStatus"]


def test_job_stopped_while_it_waits_never_trains(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    lab.create("first")
    lab.create("second")

    lab.call("StopTrainingJob", TrainingJobName="second")

    assert ["Starting", "Stopping", "Stopped"] == statuses(lab.settle("second"))


def test_new_checkpoints_are_in_s3_while_the_job_trains(lab: Any) -> None:
    lab.script = 'echo epoch 1 >"$1/checkpoints/state"; ' + TRAIN_UNTIL_STOPPED
    lab.create(CheckpointConfig={"S3Uri": "s3://data/checkpoints/trucks/"})

    lab.wait(lambda: "s3://data/checkpoints/trucks/state" in lab.objects.objects)

    assert "Training" == lab.describe()["SecondaryStatus"]


def test_job_begins_with_the_checkpoints_that_are_in_s3(lab: Any) -> None:
    lab.objects.objects["s3://data/checkpoints/state"] = b"epoch 7"
    lab.script = 'cat "$1/checkpoints/state"'
    lab.create(CheckpointConfig={"S3Uri": "s3://data/checkpoints"})
    lab.settle()

    assert ["epoch 7"] == lab.telemetry.lines


@pytest.mark.parametrize(("spot", "lost"), [(True, "Interrupted"), (False, "Restarting")])
def test_next_process_resumes_an_unfinished_job(lab: Any, spot: bool, lost: str) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    limits = {"MaxRuntimeInSeconds": 60} | ({"MaxWaitTimeInSeconds": 60} if spot else {})
    lab.create(EnableManagedSpotTraining=spot, StoppingCondition=limits)
    lab.begun()

    lab.stop()
    lab.script = TRAIN
    lab.start()

    again = ["Starting", "Downloading", "Training"]
    assert [*again, lost, *again, "Uploading", "Completed"] == statuses(lab.settle())


def test_job_that_was_being_stopped_is_stopped_after_a_restart(lab: Any) -> None:
    lab.script = NEVER_END
    lab.create()
    lab.begun()
    lab.call("StopTrainingJob", TrainingJobName="trucks")

    lab.stop()
    lab.start()

    assert "Stopped" == lab.describe()["TrainingJobStatus"]


def test_taken_name_is_in_use_in_any_case(lab: Any) -> None:
    lab.create("Trucks")

    with pytest.raises(ResourceInUseError, match=r"already exists .*training-job/trucks"):
        lab.create("trucks")


@pytest.mark.parametrize(
    "operation", ["DescribeTrainingJob", "StopTrainingJob", "DeleteTrainingJob"]
)
def test_unknown_job_is_not_found_in_aws_words(lab: Any, operation: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^Requested resource not found\.$"):
        lab.call(operation, TrainingJobName="nobody")


def test_job_that_has_ended_cannot_be_stopped(lab: Any) -> None:
    lab.create()
    lab.settle()

    with pytest.raises(
        InvalidRequestError, match="because the training job is in status Completed"
    ):
        lab.call("StopTrainingJob", TrainingJobName="trucks")


def test_deleted_job_is_gone_and_its_name_is_free(lab: Any) -> None:
    lab.create()
    lab.settle()

    lab.call("DeleteTrainingJob", TrainingJobName="trucks")

    assert [] == lab.call("ListTrainingJobs")["TrainingJobSummaries"]
    lab.create()


def test_job_that_runs_cannot_be_deleted(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    lab.create()

    with pytest.raises(ResourceInUseError, match="InProgress"):
        lab.call("DeleteTrainingJob", TrainingJobName="trucks")


def test_list_finds_jobs_by_status_and_name(lab: Any) -> None:
    lab.create("cars-1")
    lab.create("trucks-1")
    lab.settle("cars-1")
    lab.settle("trucks-1")
    lab.script = "exit 1"
    lab.create("trucks-2")
    lab.settle("trucks-2")

    found = lab.call("ListTrainingJobs", StatusEquals="Completed", NameContains="truck")[
        "TrainingJobSummaries"
    ]

    assert [("trucks-1", "Completed")] == [
        (job["TrainingJobName"], job["TrainingJobStatus"]) for job in found
    ]


def test_unexpected_error_fails_one_job_only(lab: Any) -> None:
    lab.objects.read = None
    lab.create("first")
    broken = lab.settle("first")
    del lab.objects.read
    lab.create("second")

    assert broken["FailureReason"].startswith("InternalServerError: ")
    assert "Completed" == lab.settle("second")["TrainingJobStatus"]


def test_folder_of_an_ended_job_is_gone(lab: Any) -> None:
    lab.create()
    lab.settle()

    assert [] == list((lab.folder / "training").iterdir())
