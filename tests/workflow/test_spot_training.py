"""Interrupt spot jobs of both algorithms: they resume from their checkpoints."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from algorithm.arrays import Arrays, load_arrays
from cli.s3_url import split_s3_url
from localcloud.server.cloud import Cloud, running
from localcloud.tests.contract.scripts import require_container_python
from tests.workflow.training_tool import TrainingTool, copy_photos, model_files
from training.models.containers import ALGORITHMS

pytestmark = pytest.mark.long

# Long enough to be interrupted: one image in a step, and thousands of epochs.
JOB = (
    *("--epochs", "4000", "--mini-batch-size", "1", "--checkpoint-frequency", "50"),
    *("--spot", "--max-runtime", "10m"),
)
OUT_OF_TIME = ("--spot", "--max-runtime", "1s", "--max-wait", "1s")


@dataclass(frozen=True)
class Interrupted:
    """A job whose machine was lost, and the same job without an interruption."""

    resumed: dict[str, Any]
    whole: dict[str, Any]
    statuses: list[str]
    log: list[str]
    heads: list[Arrays]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_container_python()
    return tmp_path_factory.mktemp("spot")


@pytest.fixture(scope="module", params=ALGORITHMS)
def interrupted(folder: Path, request: pytest.FixtureRequest) -> Iterator[Interrupted]:
    """End the local cloud while a job trains, as AWS takes a spot machine away; start it again."""
    algorithm, place = request.param, folder / request.param
    job = ("train", "--algorithm", algorithm, *JOB)
    with running(place / ".local") as cloud:
        tool = TrainingTool(cloud, place / "runs", "spot")
        tool.run("stage", str(copy_photos(place / "photos", 20)))
        with tool.start(*job) as process:
            try:
                name = wait_for_checkpoint(cloud)
            finally:
                process.kill()

    with running(place / ".local") as cloud:
        tool = TrainingTool(cloud, place / "runs", "spot")
        resumed = tool.run(*job)
        assert name == resumed["training_job"]
        whole = tool.run(*job, "--again")
        described = cloud.client("sagemaker").describe_training_job(TrainingJobName=name)
        yield Interrupted(
            resumed,
            whole,
            [one["Status"] for one in described["SecondaryStatusTransitions"]],
            log_of(cloud, name),
            [head(cloud, one["model_data"]) for one in (resumed, whole)],
        )


def wait_for_checkpoint(cloud: Cloud) -> str:
    """Wait until the checkpoint of an epoch is in S3, and return the name of the job."""
    sagemaker, s3 = cloud.client("sagemaker"), cloud.client("s3")
    while True:
        for job in sagemaker.list_training_jobs()["TrainingJobSummaries"]:
            described = sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
            assert "InProgress" == described["TrainingJobStatus"]
            bucket, prefix = split_s3_url(described["CheckpointConfig"]["S3Uri"])
            try:
                s3.head_object(Bucket=bucket, Key=f"{prefix}/progress.npz")
            except ClientError:
                continue
            return str(job["TrainingJobName"])
        time.sleep(0.05)


def log_of(cloud: Cloud, job: str) -> list[str]:
    pages = (
        cloud.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{job}/")
    )
    return [event["message"] for page in pages for event in page["events"]]


def head(cloud: Cloud, url: str) -> Arrays:
    return load_arrays(io.BytesIO(model_files(cloud, url)["head.npz"]), "weights", "bias")


def test_interrupted_spot_job_resumes_from_its_checkpoint(interrupted: Interrupted) -> None:
    assert "Interrupted" in interrupted.statuses
    assert "Completed" == interrupted.resumed["status"]
    lines = [line for line in interrupted.log if "Resuming from the checkpoint after ep" in line]
    assert 1 == len(lines)


@pytest.mark.parametrize("array", ["weights", "bias"])
def test_resumed_job_ends_with_the_weights_of_a_whole_one(
    interrupted: Interrupted, array: str
) -> None:
    resumed, whole = (one[array] for one in interrupted.heads)
    assert 1e-6 > np.abs(resumed - whole).max()
    assert interrupted.resumed["metrics"] == interrupted.whole["metrics"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_job_whose_waiting_time_is_over_is_reported_and_resumes(
    folder: Path, algorithm: str
) -> None:
    place = folder / f"late-{algorithm}"
    job = ("train", "--algorithm", algorithm, "--epochs", "3", "--mini-batch-size", "2")
    with running(place / ".local") as cloud:
        tool = TrainingTool(cloud, place / "runs", "late")
        tool.run("stage", str(copy_photos(place / "photos", 20)))

        message = tool.fail(*job, *OUT_OF_TIME)

        assert "MaxWaitTimeExceededError: " in message
        assert "Use a larger --max-wait, or leave out --spot" in message
        sagemaker = cloud.client("sagemaker")
        [first] = sagemaker.list_training_jobs()["TrainingJobSummaries"]
        assert "Stopped" == first["TrainingJobStatus"]
        described = sagemaker.describe_training_job(TrainingJobName=first["TrainingJobName"])
        trained = tool.run(*job, "--spot")
        again = sagemaker.describe_training_job(TrainingJobName=trained["training_job"])
        assert described["CheckpointConfig"] == again["CheckpointConfig"]
