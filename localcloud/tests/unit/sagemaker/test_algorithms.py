"""Add algorithms of installed distributions to the local SageMaker."""

import asyncio
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import localcloud
from localcloud.sagemaker.algorithms import (
    Algorithm,
    Algorithms,
    InvalidEntryPointError,
    UnknownImageError,
)
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.tests.unit.sagemaker.conftest import ROLE, Cloud, model_archive
from localcloud.tests.unit.sagemaker.jobs.lab import channel

TOY_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/echo:1"
# Learns the words of its channel and the LANGUAGE of its environment, and answers with them.
TOY = f'''
from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import Algorithm

TRAIN = """
echo "words=$(cat "$1"/input/data/train/* | wc -w)"
printf "%s" "$LANGUAGE: $(cat "$1"/input/data/train/*)" >"$1/model/words.txt"
"""


def train(folder):
    return ["sh", "-c", TRAIN, "echo", folder]


def serve(model_folder, variables):
    words = (model_folder / "words.txt").read_bytes()

    async def invoke(headers, body):
        return Answer(200, {{}}, words + body)

    return invoke


ALGORITHM = Algorithm(image=r"{re.escape(TOY_IMAGE)}", train=train, serve=serve)
'''


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, entry_point: str, source: str = ""
) -> None:
    """Put a distribution on the path: a module, and metadata with an entry point."""
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[localcloud.algorithms]\ntoy = {entry_point}\n")
    (folder / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))


def test_algorithm_of_an_installed_distribution_trains_and_answers(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "toy_algorithm", "toy_algorithm:ALGORITHM", TOY)
    cloud.algorithms = Algorithms.installed().registered
    cloud.restart()
    cloud.artifacts.objects["s3://data/train/a.txt"] = b"fresh apples"

    cloud.control.create_training_job(
        TrainingJobName="echo",
        AlgorithmSpecification={
            "TrainingImage": TOY_IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "words", "Regex": "words=([0-9]+)"}],
        },
        RoleArn=ROLE,
        InputDataConfig=[
            channel("train", "s3://data/train/")  # type: ignore[list-item]
            | {"ContentType": "text/plain"}
        ],
        OutputDataConfig={"S3OutputPath": "s3://models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        Environment={"LANGUAGE": "en"},
    )
    job: Any = {"TrainingJobStatus": "InProgress"}
    while job["TrainingJobStatus"] == "InProgress":
        time.sleep(0.002)
        job = cloud.control.describe_training_job(TrainingJobName="echo")
    assert "Completed" == job["TrainingJobStatus"], job.get("FailureReason")
    assert [("words", 2.0)] == [
        (one["MetricName"], one["Value"]) for one in job["FinalMetricDataList"]
    ]

    container = {"Image": TOY_IMAGE, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]}
    cloud.control.create_model(
        ModelName="echo",
        ExecutionRoleArn=ROLE,
        PrimaryContainer=container,  # type: ignore[arg-type]
    )
    cloud.create_config("echo", echo=1.0)
    cloud.control.create_endpoint(EndpointName="echo", EndpointConfigName="echo")
    assert "InService" == cloud.settle("echo")
    assert (
        b"en: fresh apples!"
        == cloud.runtime.invoke_endpoint(EndpointName="echo", Body=b"!")["Body"].read()
    )


def test_algorithm_of_the_readme_trains_and_answers(tmp_path: Path) -> None:
    readme = (Path(localcloud.__file__).parent / "README.md").read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0], found)
    algorithm = Algorithms((found["ALGORITHM"],)).find("example/greeting:1")
    (tmp_path / "model").mkdir()
    (tmp_path / "input/data/train").mkdir(parents=True)
    (tmp_path / "input/data/train/greeting.txt").write_text("Hello, ")

    subprocess.run(algorithm.train(tmp_path), check=True)
    invoke = algorithm.serve(tmp_path / "model", {})
    answer: Any = asyncio.run(invoke({}, b"scone"))  # type: ignore[arg-type]

    assert b"Hello, scone" == answer.body


def test_model_of_an_unknown_image_is_refused_with_the_registered_patterns(cloud: Cloud) -> None:
    container = {"Image": TOY_IMAGE, "ModelDataUrl": "s3://models/echo/model.tar.gz"}

    with pytest.raises(ClientError) as caught:
        cloud.control.create_model(
            ModelName="echo",
            ExecutionRoleArn=ROLE,
            PrimaryContainer=container,  # type: ignore[arg-type]
        )

    error = caught.value.response["Error"]
    assert "ValidationException" == error["Code"]
    assert error["Message"].startswith(f"Requested image {TOY_IMAGE} not found.")
    assert IMAGE_CLASSIFICATION.image in error["Message"]


def test_endpoint_of_an_algorithm_that_was_removed_fails_with_the_reason(cloud: Cloud) -> None:
    cloud.algorithms = [
        Algorithm(re.escape(TOY_IMAGE), train=lambda _: [], serve=IMAGE_CLASSIFICATION.serve)
    ]
    cloud.restart()
    cloud.artifacts.objects["s3://models/echo/model.tar.gz"] = model_archive(words_txt="apples")
    container = {"Image": TOY_IMAGE, "ModelDataUrl": "s3://models/echo/model.tar.gz"}
    cloud.control.create_model(
        ModelName="echo",
        ExecutionRoleArn=ROLE,
        PrimaryContainer=container,  # type: ignore[arg-type]
    )
    cloud.create_config("echo", echo=1.0)
    cloud.algorithms = []
    cloud.restart()

    cloud.control.create_endpoint(EndpointName="echo", EndpointConfigName="echo")

    assert "Failed" == cloud.settle("echo")
    reason = cloud.control.describe_endpoint(EndpointName="echo")["FailureReason"]
    assert f"{TOY_IMAGE} matches none of" in reason


def test_wrapped_algorithms_serve_through_the_wrapper() -> None:
    def inner(_folder: Path, variables: Any) -> Any:
        return f"app of {variables}"

    def wrap(factory: Any) -> Any:
        return lambda folder, variables: f"wrapped {factory(folder, variables)}"

    toy = Algorithm("toy:1", train=lambda _: [], serve=inner)

    served: Any = Algorithms((toy,)).wrapping(wrap).find("toy:1").serve(Path(), {"A": "b"})

    assert "wrapped app of {'A': 'b'}" == served


def test_first_of_two_algorithms_that_match_an_image_runs() -> None:
    first = Algorithm("toy:.*", train=lambda _: [], serve=IMAGE_CLASSIFICATION.serve)
    second = Algorithm("toy:1", train=lambda _: [], serve=IMAGE_CLASSIFICATION.serve)

    assert first is Algorithms((first, second)).find("toy:1")


def test_pattern_has_to_match_the_whole_uri() -> None:
    toy = Algorithm("toy:1", train=lambda _: [], serve=IMAGE_CLASSIFICATION.serve)

    with pytest.raises(UnknownImageError):
        Algorithms((toy,)).find("toy:10")


@pytest.mark.parametrize(
    ("entry_point", "words"),
    [
        ("broken_algorithm:MISSING", "toy of the group localcloud.algorithms cannot be loaded"),
        ("not_there_at_all:ALGORITHM", "toy of the group localcloud.algorithms cannot be loaded"),
        ("broken_algorithm:__name__", "which is not a"),
    ],
)
def test_entry_point_that_is_not_an_algorithm_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry_point: str, words: str
) -> None:
    install(tmp_path, monkeypatch, "broken_algorithm", entry_point)

    with pytest.raises(InvalidEntryPointError, match=words):
        Algorithms.installed()
