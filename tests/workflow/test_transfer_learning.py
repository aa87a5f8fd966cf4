"""Train the same dataset on the laptop's path and in the container's environment.

The first is the stand-in for the built-in algorithm; the second runs our algorithm as AWS does,
with the packages of AWS's scikit-learn container and AWS's own toolkits.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from cli.s3_url import split_s3_url
from localcloud.server.cloud import Cloud, running
from localcloud.tests.contract.scripts import require_container_python
from tests.workflow.training_tool import TrainingTool, model_files
from training.models.containers import container

pytestmark = pytest.mark.long

ALGORITHMS = ("image-classification", "transfer-learning")
IMAGES = 1_000


@dataclass(frozen=True)
class Trained:
    """A local cloud with a model of each algorithm, and the bodies of its staged images."""

    cloud: Cloud
    runs: Path
    results: dict[str, dict[str, Any]]
    images: list[bytes]

    def archive(self, algorithm: str) -> bytes:
        bucket, key = split_s3_url(self.results[algorithm]["model_data"])
        body: bytes = self.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def files(self, algorithm: str) -> dict[str, bytes]:
        return model_files(self.cloud, self.results[algorithm]["model_data"])

    def head(self, algorithm: str) -> dict[str, Any]:
        with np.load(io.BytesIO(self.files(algorithm)["head.npz"]), allow_pickle=False) as arrays:
            return dict(arrays)

    def ask(self, algorithm: str, body: bytes, accept: str = "application/json") -> Any:
        answer = self.cloud.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=algorithm,
            ContentType="application/x-image",
            Accept=accept,
            Body=body,
        )
        return json.load(answer["Body"])


def serve(cloud: Cloud, name: str, trained: dict[str, Any]) -> None:
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=trained["role"],
        PrimaryContainer=container(
            trained["image"], trained["model_data"], trained["model_digest"]
        ),
        EnableNetworkIsolation=True,
    )
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 0.5})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    require_container_python()
    folder = tmp_path_factory.mktemp("trained")
    with running(folder / ".local") as cloud:
        tool = TrainingTool(cloud, folder / "runs")
        staged = tool.run("stage", "examples/photos")
        results = {name: tool.run("train", "--algorithm", name) for name in ALGORITHMS}
        for name, result in results.items():
            serve(cloud, name, result)
        yield Trained(cloud, folder / "runs", results, images(cloud, staged))


def images(cloud: Cloud, staged: dict[str, Any]) -> list[bytes]:
    """Return staged images of all splits."""
    bucket = cloud.resource("s3").Bucket(staged["bucket"])
    found = bucket.objects.filter(Prefix=f"{staged['prefix']}/")
    keys = [one for one in found if one.key.endswith((".png", ".jpg"))][:IMAGES]
    return [one.get()["Body"].read() for one in keys]


@pytest.mark.parametrize("array", ["weights", "bias"])
def test_both_places_train_the_same_weights(trained: Trained, array: str) -> None:
    laptop, there = (trained.head(name)[array] for name in ALGORITHMS)
    assert 1e-6 > np.abs(laptop - there).max()


def test_both_places_describe_the_same_model(trained: Trained) -> None:
    laptop, there = (json.loads(trained.files(name)["model.json"]) for name in ALGORITHMS)
    measured = laptop.pop("metrics")
    # The weights differ in their last digits, and so do the losses.
    assert measured == {
        split: pytest.approx(metrics, abs=1e-6) for split, metrics in there.pop("metrics").items()
    }
    assert laptop == there


def test_both_places_answer_the_same_probabilities(trained: Trained) -> None:
    with ThreadPoolExecutor(8) as threads:
        laptop, there = (
            np.array(list(threads.map(lambda body, name=name: trained.ask(name, body), bodies)))
            for name, bodies in ((name, trained.images) for name in ALGORITHMS)
        )
    assert IMAGES == len(there)
    assert 1e-5 > np.abs(laptop - there).max()


def test_verbose_answer_names_the_archive(trained: Trained) -> None:
    name = "transfer-learning"
    answer = trained.ask(name, trained.images[0], "application/json;verbose=true")

    assert f"sha256:{hashlib.sha256(trained.archive(name)).hexdigest()}" == answer["model_digest"]
    assert trained.ask(name, trained.images[0]) == answer["probabilities"]
    assert 64 == len(answer["embedding"])


def test_body_that_is_not_an_image_is_the_clients_error(trained: Trained) -> None:
    with pytest.raises(ClientError) as caught:
        trained.ask("transfer-learning", b"no image")
    assert 400 == dict(caught.value.response)["OriginalStatusCode"]


def test_archive_that_was_replaced_fails_the_job_by_name(trained: Trained) -> None:
    described = trained.cloud.client("sagemaker").describe_training_job(
        TrainingJobName=trained.results["transfer-learning"]["training_job"]
    )
    request = {
        member: described[member]
        for member in (
            *("HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig"),
            *("ResourceConfig", "StoppingCondition", "EnableNetworkIsolation"),
        )
    }
    request["OutputDataConfig"] = {
        "S3OutputPath": described["OutputDataConfig"]["S3OutputPath"],
    }
    digest = {"sagemaker_source_digest": "0" * 64}
    request["HyperParameters"] = {**request["HyperParameters"], **digest}
    sagemaker = trained.cloud.client("sagemaker")
    sagemaker.create_training_job(TrainingJobName="replaced", **request)

    status = "InProgress"
    while status == "InProgress":
        job = sagemaker.describe_training_job(TrainingJobName="replaced")
        status = job["TrainingJobStatus"]

    assert job["FailureReason"].startswith("AlgorithmError: TamperedSourceError: The source")
