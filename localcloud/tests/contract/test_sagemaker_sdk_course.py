"""Run the course's code on the local cloud, with both versions of the SDK."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from algorithm.tests.pictures import CLASSES, picture
from localcloud.server.cloud import Cloud
from localcloud.server.settings import ACCOUNT

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(__file__).parent / "sdk"
BUCKET = f"sagemaker-us-east-1-{ACCOUNT}"
ROLE = "CourseNotebook"
IMAGES_PER_CLASS = 4


@dataclass(frozen=True)
class Run:
    """The output of a script, its results, and the picture that it sent."""

    output: str
    result: Any
    picture: bytes


def put_images(folder: Path) -> None:
    """Lay the images out as the course does: two folders of PNG files and their lists."""
    for split in ("train", "validation"):
        lines: list[str] = []
        (folder / split).mkdir()
        for label, name in enumerate(CLASSES):
            for number in range(IMAGES_PER_CLASS):
                file = f"{name}_{number}.png"
                (folder / split / file).write_bytes(picture(label, number))
                lines.append(f"{len(lines)}\t{label}\t{file}\n")
        (folder / f"{split}.lst").write_text("".join(lines))
    (folder / "picture.png").write_bytes((folder / "validation" / "columns_0.png").read_bytes())


@pytest.fixture(scope="module")
def notebook_environment(cloud: Cloud) -> dict[str, str]:
    """The environment of a notebook instance, with credentials of the role of SageMaker."""
    services = {"Service": "sagemaker.amazonaws.com"}
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": one}
        for one in (services, account)
    ]
    # The part of AmazonSageMakerFullAccess, the policy of the course, that the scripts need.
    actions = [
        "sagemaker:*",
        "s3:*",
        "logs:*",
        "ecr:*",
        "cloudwatch:*",
        "kms:*",
        "ec2:*",
        "iam:GetRole",
        "iam:PassRole",
    ]
    validation = ["iam:SimulatePrincipalPolicy"]
    allow = {"Effect": "Allow", "Action": actions + validation, "Resource": "*"}
    iam = cloud.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Statement": trust}))
    iam.put_role_policy(
        RoleName=ROLE, PolicyName="work", PolicyDocument=json.dumps({"Statement": [allow]})
    )
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    credentials = cloud.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="SageMaker")[
        "Credentials"
    ]
    return {
        **cloud.environment,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        "PYTHONWARNINGS": "ignore",  # the SDK has invalid escape sequences
    }


def run(version: str, environment: dict[str, str], folder: Path) -> Run:
    python = ROOT / f".venv-sdk-{version}/bin/python"
    assert python.exists(), f"{python} is missing: run `make .venv-sdk-{version}/.ready`."
    put_images(folder)
    # The SDK reads and writes settings in the home folder.
    environment = environment | {"HOME": str(folder)}
    ended = subprocess.run(
        [python, SCRIPTS / f"course_{version}.py"],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    assert 0 == ended.returncode, ended.stdout
    result = json.loads((folder / "result.json").read_text())
    return Run(ended.stdout, result, (folder / "picture.png").read_bytes())


@pytest.fixture(scope="module", params=["v2", "v3"])
def course(
    request: Any, notebook_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    return run(request.param, notebook_environment, tmp_path_factory.mktemp(request.param))


def test_role_and_bucket_are_those_of_the_notebook(course: Run) -> None:
    assert f"arn:aws:iam::{ACCOUNT}:role/{ROLE}" == course.result["role"]
    assert BUCKET == course.result["bucket"]


def test_image_is_that_of_aws(course: Run) -> None:
    assert (
        "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
        == course.result["image"]
    )


def test_log_of_the_job_is_printed_before_training_returns(course: Run) -> None:
    printed, returned, _ = course.output.partition("has returned")

    assert "Validation-accuracy=" in printed
    assert returned


def test_model_is_at_the_url_of_the_job(cloud: Cloud, course: Run) -> None:
    key = f"models/image_model/{course.result['job']}/output/model.tar.gz"

    assert f"s3://{BUCKET}/{key}" == course.result["model_data"]
    assert cloud.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"]


def test_endpoint_answers_with_the_probabilities_of_both_classes(course: Run) -> None:
    assert 2 == len(course.result["probabilities"])
    assert pytest.approx(1) == sum(course.result["probabilities"])


def test_captured_data_has_request_and_answer(course: Run) -> None:
    sent = course.result["captured"]["endpointInput"]
    answered = course.result["captured"]["endpointOutput"]

    assert "image/png" == sent["observedContentType"]
    assert course.picture == base64.b64decode(sent["data"])
    assert course.result["probabilities"] == json.loads(answered["data"])


@pytest.mark.parametrize("course", ["v2"], indirect=True)
def test_attached_estimator_has_the_model(course: Run) -> None:
    assert course.result["model_data"] == course.result["attached_model_data"]
    assert "18" == course.result["attached_hyperparameters"]["num_layers"]


@pytest.mark.parametrize("course", ["v2"], indirect=True)
def test_default_debugger_of_the_estimator_is_described(cloud: Cloud, course: Run) -> None:
    job = cloud.client("sagemaker").describe_training_job(TrainingJobName=course.result["job"])

    assert f"s3://{BUCKET}/models/image_model" == job["DebugHookConfig"]["S3OutputPath"]
