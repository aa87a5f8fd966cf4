"""Run the training tool as a user does: interrupt each step, then run it again.

The test images are absent in steps that must not read them.
"""

import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud
from tests.workflow.training_tool import RANGES
from training.dataset.dataset import Dataset
from training.jobs.autopilot_request import Limits, automl_job_request

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
IMAGES_PER_CLASS = 40  # 20, 6, 6 and 8 in the splits


@dataclass
class Trial:
    """A run of the training tool on a local cloud, under a separate project name."""

    cloud: Cloud
    folder: Path
    training_jobs: list[str] = field(default_factory=list)  # jobs of `train`

    def start(self, *step: str) -> "subprocess.Popen[str]":
        own = ("--project", "trial", "--runs", str(self.folder / "runs"))
        return subprocess.Popen(
            [sys.executable, "-m", "training", *step, *own],
            cwd=ROOT,
            env=self.cloud.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *step: str) -> tuple[int, str]:
        """Run a step, and return its exit status and output."""
        process = self.start(*step)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def interrupt(self, *step: str, at: str) -> tuple[int, str]:
        """Interrupt a step after a line with `at`, and return its exit status and output."""
        with self.start(*step) as process:
            assert process.stdout
            output = ""
            for line in process.stdout:
                output += line
                if at in line:
                    process.send_signal(signal.SIGINT)
                    break
            output += process.stdout.read()
        return process.returncode, output

    @property
    def staging(self) -> tuple[str, ...]:
        """The command that stages the dataset."""
        return ("stage", str(self.folder / "photos"), "--split", "0.5,0.15,0.15,0.2")

    def endpoints(self) -> list[str]:
        """The names of this project's endpoints."""
        return self.names("list_endpoints", "Endpoints", "EndpointName")

    def models(self) -> list[str]:
        """The names of this project's models in SageMaker."""
        return self.names("list_models", "Models", "ModelName")

    def names_after(self, *step: str) -> list[str]:
        """Run a step, and return the names of the remaining endpoints and models."""
        status, output = self.run(*step)
        assert 0 == status, output
        return [*self.endpoints(), *self.models()]

    def names(self, operation: str, listed: str, name: str) -> list[str]:
        """Return the names of this project's SageMaker resources of one kind."""
        sagemaker: Any = self.cloud.client("sagemaker")
        return [
            found[name] for found in getattr(sagemaker, operation)(NameContains="trial")[listed]
        ]

    def forget_test_images(self) -> None:
        """Delete the test split from the dataset's bucket."""
        s3 = self.cloud.client("s3")
        [bucket] = [
            one["Name"]
            for one in s3.list_buckets()["Buckets"]
            if one["Name"].startswith("trial-training")
        ]
        for prefix in ("datasets/trial/default/test/", "datasets/trial/default/test_lst/"):
            for found in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
                s3.delete_object(Bucket=bucket, Key=found["Key"])


@pytest.fixture(scope="module")
def trial(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Prepare a run with a few photos of two classes; the tests of this module do its steps."""
    folder = tmp_path_factory.mktemp("trial")
    for images in sorted((ROOT / "examples/photos/train").iterdir()):
        (folder / "photos" / images.name).mkdir(parents=True)
        for image in sorted(images.iterdir())[:IMAGES_PER_CLASS]:
            shutil.copy(image, folder / "photos" / images.name)
    return Trial(cloud, folder)


@pytest.fixture(scope="module")
def staged(trial: Trial) -> Trial:
    """Stage the dataset, interrupted once; then delete its test images."""
    assert 130 == trial.interrupt(*trial.staging, at="images of 2 classes")[0]
    status, output = trial.run(*trial.staging)
    assert 0 == status, output
    trial.forget_test_images()
    return trial


@pytest.fixture(scope="module")
def trained(staged: Trial) -> Trial:
    """Train the model, interrupted once."""
    arguments = ("train", "--epochs", "2", "--mini-batch-size", "8")
    status, output = staged.interrupt(*arguments, at="Training job")
    assert 130 == status, output
    assert "aws sagemaker stop-training-job" in output, output
    status, output = staged.run(*arguments)
    assert 0 == status, output
    assert re.search("Resuming the training job|already has this model", output), output
    staged.training_jobs = staged.names(
        "list_training_jobs", "TrainingJobSummaries", "TrainingJobName"
    )
    return staged


@dataclass(frozen=True)
class Comparison:
    """The output of the steps for two models: the first is trained, the second is tuned."""

    trial: Trial
    first: tuple[int, str]
    tuned: tuple[int, str]
    second: tuple[int, str]
    approvals: list[str]


@pytest.fixture(scope="module")
def comparison(trained: Trial) -> Comparison:
    """Promote the trained model; tune, interrupted once; promote the best tuned model."""
    status, output = trained.run(*trained.staging)  # the test images are needed here
    assert 0 == status, output
    first = trained.run("promote")
    ranges = trained.folder / "ranges.toml"
    ranges.write_text(RANGES, encoding="utf-8")
    arguments = ("tune", "--epochs", "2", "--mini-batch-size", "8", "--ranges", str(ranges))
    status, output = trained.interrupt(*arguments, at="Tuning job")
    assert 130 == status, output
    assert "stop-hyper-parameter-tuning-job" in output, output
    tuned, second = trained.run(*arguments), trained.run("promote")
    sagemaker: Any = trained.cloud.client("sagemaker")
    packages = sagemaker.list_model_packages(ModelPackageGroupName="trial")[
        "ModelPackageSummaryList"
    ]
    trained.forget_test_images()
    return Comparison(
        trained, first, tuned, second, [package["ModelApprovalStatus"] for package in packages]
    )


@dataclass(frozen=True)
class Story:
    """The resources after the remaining steps, and the output of these steps."""

    endpoints: list[str]
    models: list[str]
    without_test_images: tuple[int, str]
    staged_again: tuple[int, str]
    evaluated: tuple[int, str]
    after_dry_run: list[str]
    after_cleanup: list[str]


@pytest.fixture(scope="module")
def story(comparison: Comparison) -> Story:
    """Deploy, interrupted once; evaluate without and with test images; clean up."""
    trained = comparison.trial
    assert 130 == trained.interrupt("deploy", at="is being created")[0]
    status, output = trained.run("deploy")
    assert 0 == status, output
    endpoints, models = trained.endpoints(), trained.models()
    return Story(
        endpoints=endpoints,
        models=models,
        without_test_images=trained.run("evaluate"),
        staged_again=trained.run(*trained.staging),
        evaluated=trained.run("evaluate"),
        after_dry_run=trained.names_after("cleanup", "--dry-run"),
        after_cleanup=trained.names_after("cleanup", "--yes"),
    )


def test_interrupted_training_makes_one_job(trained: Trial) -> None:
    assert 1 == len(trained.training_jobs)


def test_first_model_is_promoted_if_it_beats_the_most_frequent_class(
    comparison: Comparison,
) -> None:
    status, output = comparison.first
    assert 0 == status, output
    assert "better than the rule of always the most frequent class" in output, output


def test_interrupted_tuning_is_one_tuning_job_whose_best_model_is_registered(
    comparison: Comparison,
) -> None:
    status, output = comparison.tuned
    assert 0 == status, output
    assert "2/2" in output, output
    assert "version 2 of trial" in output, output
    listed = "HyperParameterTuningJobSummaries"
    assert 1 == len(
        comparison.trial.names(
            "list_hyper_parameter_tuning_jobs", listed, "HyperParameterTuningJobName"
        )
    )


def test_a_challenger_that_is_not_shown_to_be_better_is_refused(comparison: Comparison) -> None:
    status, output = comparison.second
    assert 1 == status, output
    assert "ChallengerRefusedError: Version 2 is not shown to be better" in output, output
    assert ["Approved", "Rejected"] == comparison.approvals


def test_local_cloud_refuses_autopilot_as_not_emulated(cloud: Cloud) -> None:
    data = Dataset(
        "photos", "datasets/cars", ("automobile", "truck"), {}, "sha256:data", recordio=False
    )
    role = "arn:aws:iam::000000000000:role/autopilot"
    request = automl_job_request(data, "trial", role, Limits(1, 60, 60), [])
    with pytest.raises(
        ClientError, match=r"UnknownOperationException.*CreateAutoMLJobV2 is not emulated"
    ):
        cloud.client("sagemaker").create_auto_ml_job_v2(**request)


def test_interrupted_deployment_makes_one_endpoint_with_one_model(story: Story) -> None:
    assert ["trial"] == story.endpoints
    assert 1 == len(story.models)


def test_only_evaluation_needs_the_test_images(
    story: Story,
) -> None:
    status, output = story.without_test_images
    assert 1 == status, output
    assert "test_lst" in output, output


def test_second_staging_uploads_only_missing_images(story: Story) -> None:
    status, output = story.staged_again
    # 16 images and their list
    assert 0 == status, output
    assert "17 files uploaded" in output, output


def test_evaluation_measures_every_test_image(story: Story) -> None:
    status, output = story.evaluated
    assert 0 == status, output
    assert "n = 16" in output, output


def test_cleanup_dry_run_deletes_nothing(story: Story) -> None:
    assert [*story.endpoints, *story.models] == story.after_dry_run


def test_cleanup_deletes_the_endpoint_and_its_model(story: Story) -> None:
    assert [] == story.after_cleanup
