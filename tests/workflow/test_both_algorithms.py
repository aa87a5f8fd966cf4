"""Take every step of the training tool with both algorithms: promotion in both directions.

The champion has learned from photos in the wrong folders, so that any challenger is better.
"""

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from algorithm.arrays import load_arrays
from cli.s3_url import split_s3_url
from functions.serialize_image.image_preparation import prepare_image
from localcloud.server.cloud import Cloud, running
from localcloud.tests.contract.scripts import require_container_python, settle
from tests.workflow.training_tool import PHOTOS, RANGES, TrainingTool, copy_photos, model_files
from training.models.containers import ALGORITHMS
from training.service.captured import capture_url, read_captured
from training.statistics.drift import LEAST_IMAGES

pytestmark = pytest.mark.long

IMAGES = 60  # of each class: 18, 6, 6 and 30 in the splits
STAGE = ("--split", "0.3,0.1,0.1,0.5")
QUICK = ("--epochs", "3", "--mini-batch-size", "8")
# Requests that a client sends. `monitor` leaves out those in the second of its reference.
TRAFFIC = 120


@dataclass
class Promotion:
    """A project whose champion and challenger are models of different algorithms."""

    tool: TrainingTool
    champion_algorithm: str
    challenger_algorithm: str
    champion: dict[str, Any]
    challenger: dict[str, Any]
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def endpoint(self) -> str:
        return self.tool.project

    def images(self) -> dict[str, str]:
        """The names of the container images in service, by variant."""
        described = self.tool.cloud.client("sagemaker").describe_endpoint(
            EndpointName=self.endpoint
        )
        return {
            one["VariantName"]: one["DeployedImages"][0]["SpecifiedImage"].rpartition("/")[2]
            for one in described["ProductionVariants"]
        }

    def ask(self, body: bytes, **headers: str) -> Any:
        answer = self.tool.cloud.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.endpoint, ContentType="application/x-image", Body=body, **headers
        )
        return json.load(answer["Body"])


PROJECTS = {"image-classification": "built-in-champion", "transfer-learning": "own-champion"}
IMAGE = {
    "image-classification": "image-classification:1",
    "transfer-learning": "sagemaker-scikit-learn:1.9-0-cpu-py3",
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    require_container_python()
    with running(tmp_path_factory.mktemp("both") / ".local", publish_seconds=0.2) as started:
        yield started


@pytest.fixture(scope="module", params=ALGORITHMS)
def promotion(
    cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Promotion:
    """Promote and deploy a weak champion of one algorithm, then promote one of the other."""
    champion, challenger = (
        request.param,
        *(name for name in ALGORITHMS if name != request.param),
    )
    folder = tmp_path_factory.mktemp("promotion")
    tool = TrainingTool(cloud, folder / "runs", PROJECTS[champion])

    tool.run("stage", str(copy_photos(folder / "old", IMAGES, exchanged=True)), *STAGE)
    old = tool.run("train", "--algorithm", champion, *QUICK)
    first = tool.run("promote")
    tool.run("deploy")
    tool.run("stage", str(copy_photos(folder / "new", IMAGES)), *STAGE, "--run", "new")
    new = tool.run("train", "--run", "new", "--algorithm", challenger, *QUICK)
    second = tool.run("promote", "--run", "new")
    return Promotion(tool, champion, challenger, old, new, first, second)


def photo(name: str = "truck") -> bytes:
    """A prepared photo that no model was trained on."""
    return photos(name, 1)[0]


def photos(name: str, number: int) -> list[bytes]:
    paths = sorted((PHOTOS / name).iterdir())[IMAGES : IMAGES + number]
    return [prepare_image(path.read_bytes()).data for path in paths]


def weights(cloud: Cloud, url: str) -> Any:
    return load_arrays(io.BytesIO(model_files(cloud, url)["head.npz"]), "weights")["weights"]


def test_better_challenger_of_the_other_algorithm_becomes_champion(promotion: Promotion) -> None:
    assert promotion.first["promoted"]
    second = promotion.second
    assert second["promoted"]
    assert second["challenger"] == second["champion"] + 1
    assert second["challenger_accuracy"] > second["champion_accuracy"] + 0.5


def test_ab_test_serves_both_algorithms_until_its_rollback(promotion: Promotion) -> None:
    tool = promotion.tool
    tool.run("ab", "--weights", "AllTraffic=50,b=50", "--run", "new")

    assert {
        "AllTraffic": IMAGE[promotion.champion_algorithm],
        "b": IMAGE[promotion.challenger_algorithm],
    } == promotion.images()
    champion = promotion.ask(photo(), TargetVariant="AllTraffic")
    challenger = promotion.ask(photo(), TargetVariant="b")
    assert np.argmax(champion) != np.argmax(challenger)

    tool.run("rollback", "--run", "new", "--yes")
    assert {"AllTraffic": IMAGE[promotion.champion_algorithm]} == promotion.images()


def test_new_champion_is_deployed_and_rolled_back(promotion: Promotion) -> None:
    tool = promotion.tool
    tool.run("deploy", "--run", "new")
    assert {"AllTraffic": IMAGE[promotion.challenger_algorithm]} == promotion.images()

    tool.run("rollback", "--run", "new", "--yes")
    assert {"AllTraffic": IMAGE[promotion.champion_algorithm]} == promotion.images()
    assert 1 != np.argmax(promotion.ask(photo("truck")))  # its photos were in the wrong folders


def test_models_have_no_network(promotion: Promotion) -> None:
    sagemaker = promotion.tool.cloud.client("sagemaker")
    models = sagemaker.list_models(NameContains=promotion.endpoint)["Models"]
    isolated = [
        sagemaker.describe_model(ModelName=one["ModelName"])["EnableNetworkIsolation"]
        for one in models
    ]
    assert isolated
    assert all(isolated)


def test_approved_package_is_served_from_the_registry(promotion: Promotion) -> None:
    tool, name = promotion.tool, f"{promotion.endpoint}-registry"
    sagemaker = tool.cloud.client("sagemaker")
    package = promotion.challenger["model_package"]["arn"]
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=promotion.challenger["role"],
        Containers=[{"ModelPackageName": package}],
        EnableNetworkIsolation=True,
    )
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

    served = settle(tool.cloud, name)
    assert "InService" == served["EndpointStatus"], served.get("FailureReason")
    answer = tool.cloud.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name,
        ContentType="application/x-image",
        Accept="application/json;verbose=true",
        Body=photo(),
    )
    found = json.load(answer["Body"])
    if promotion.challenger_algorithm == "transfer-learning":
        assert promotion.challenger["model_digest"] == found["model_digest"]
        found = found["probabilities"]
    assert 1 == np.argmax(found)
    sagemaker.delete_endpoint(EndpointName=name)


def test_training_continues_from_a_model_of_the_same_algorithm(promotion: Promotion) -> None:
    """With a learning rate of 0 the weights stay those of the earlier model."""
    earlier, still = promotion.champion["model_data"], ("--learning-rate", "0", "--epochs", "1")
    algorithm = promotion.champion_algorithm
    options = ("--algorithm", algorithm, "--from-model", earlier, *QUICK[2:], *still)
    continued = promotion.tool.run("train", *options)

    cloud = promotion.tool.cloud
    difference = weights(cloud, continued["model_data"]) - weights(cloud, earlier)
    assert 1e-6 > np.abs(difference).max()


def test_training_from_a_model_of_the_other_algorithm_is_refused(promotion: Promotion) -> None:
    message = promotion.tool.fail(
        *("train", "--algorithm", promotion.champion_algorithm),
        *("--from-model", promotion.challenger["model_data"], *QUICK),
    )
    assert f"is of --algorithm {promotion.challenger_algorithm}" in message


def test_job_refuses_a_model_of_the_other_algorithm(promotion: Promotion) -> None:
    """The request of a client that skips the checks of this tool."""
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": promotion.champion["model_data"],
        "S3DataDistributionType": "FullyReplicated",
    }
    channel = {
        "ChannelName": "model",
        "ContentType": "application/x-sagemaker-model",
        "DataSource": {"S3DataSource": source},
    }
    job = run_again(
        promotion,
        f"{promotion.endpoint}-other",
        lambda request: request["InputDataConfig"].append(channel),
    )
    assert job["FailureReason"].startswith("AlgorithmError: EarlierModelError: ")
    assert f"is of the algorithm {promotion.champion_algorithm}" in job["FailureReason"]


def test_undecodable_image_fails_the_job_by_name(promotion: Promotion) -> None:
    cloud, name = promotion.tool.cloud, f"{promotion.endpoint}-undecodable"
    s3 = cloud.client("s3")
    described = cloud.client("sagemaker").describe_training_job(
        TrainingJobName=promotion.challenger["training_job"]
    )
    [train] = [one for one in described["InputDataConfig"] if one["ChannelName"] == "train"]
    bucket, prefix = split_s3_url(train["DataSource"]["S3DataSource"]["S3Uri"])
    key = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")["Contents"][0]["Key"]
    good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=b"no image")
    try:
        job = run_again(promotion, name)
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=good)

    assert job["FailureReason"].startswith("AlgorithmError: UndecodableImageError: ")
    assert key.rpartition("/")[2] in job["FailureReason"]


def run_again(
    promotion: Promotion, name: str, change: Callable[[dict[str, Any]], object] = lambda _: None
) -> dict[str, Any]:
    """Run the challenger's job again with a change, and return the failed job."""
    cloud = promotion.tool.cloud
    sagemaker = cloud.client("sagemaker")
    described = sagemaker.describe_training_job(
        TrainingJobName=promotion.challenger["training_job"]
    )
    request = {
        member: described[member]
        for member in (
            *("HyperParameters", "RoleArn", "InputDataConfig", "ResourceConfig"),
            *("StoppingCondition", "EnableNetworkIsolation"),
        )
    }
    specification = {**described["AlgorithmSpecification"]}
    if promotion.challenger_algorithm == "image-classification":  # its metrics are AWS's
        del specification["MetricDefinitions"], specification["EnableSageMakerMetricsTimeSeries"]
    output = {"S3OutputPath": described["OutputDataConfig"]["S3OutputPath"]}
    request |= {"AlgorithmSpecification": specification, "OutputDataConfig": output}
    change(request)
    sagemaker.create_training_job(TrainingJobName=name, **request)
    return ended(cloud, name)


def ended(cloud: Cloud, name: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = cloud.client("sagemaker").describe_training_job(TrainingJobName=name)
        if job["TrainingJobStatus"] in ("Failed", "Completed", "Stopped"):
            return job
        time.sleep(0.1)


def test_image_of_the_other_algorithm_serves_no_model(promotion: Promotion) -> None:
    cloud, name = promotion.tool.cloud, f"{promotion.endpoint}-mixed"
    sagemaker = cloud.client("sagemaker")
    container = {
        "Image": promotion.champion["image"],
        "ModelDataUrl": promotion.challenger["model_data"],
    }
    if promotion.champion_algorithm == "transfer-learning":
        container["Environment"] = {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        }
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=promotion.champion["role"],
        PrimaryContainer=container,
        EnableNetworkIsolation=True,
    )
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)

    served = settle(cloud, name)

    assert "Failed" == served["EndpointStatus"]
    reasons = {"image-classification": "The model is of a script", "transfer-learning": "code"}
    assert reasons[promotion.champion_algorithm] in served["FailureReason"]
    sagemaker.delete_endpoint(EndpointName=name)


def test_best_tuned_model_is_deployed(promotion: Promotion) -> None:
    tool = promotion.tool
    ranges = tool.runs.parent / "ranges.toml"
    ranges.write_text(RANGES, encoding="utf-8")
    algorithm = promotion.challenger_algorithm
    options = ("--algorithm", algorithm, *QUICK, "--ranges", str(ranges), "--run", "new")
    tuned = tool.run("tune", *options)

    objectives = [one["objective"] for one in tuned["candidates"]]
    assert 2 == len([one for one in objectives if one is not None])
    best = tuned["best"]
    assert max(objectives) == best["metrics"]["validation:accuracy"]
    deployed = tool.run("deploy", "--run", "new")
    assert best["model_digest"] == deployed["model_card"]["model_digest"]
    assert {"AllTraffic": IMAGE[algorithm]} == promotion.images()


def test_monitor_reads_captured_requests(promotion: Promotion) -> None:
    tool = promotion.tool
    tool.run("deploy", "--run", "new", "--capture", "1.0")
    tool.run("evaluate", "--run", "new")
    bodies = [*photos("automobile", TRAFFIC // 2), *photos("truck", TRAFFIC // 2)]
    for body in bodies:
        promotion.ask(body)
    wait_for_captures(promotion)

    ended = tool.start("monitor", "--run", "new")
    output, errors = ended.communicate()
    assert ended.returncode in (0, 1), errors  # 1: the new photos differ from the held-out ones
    assert LEAST_IMAGES <= json.loads(output)["captured"]


def wait_for_captures(promotion: Promotion) -> None:
    """Wait until the requests of the client are in S3."""
    cloud, endpoint = promotion.tool.cloud, promotion.endpoint
    url = capture_url(cloud.client("sagemaker"), endpoint)
    place, ever = f"{url}/{endpoint}/AllTraffic", datetime.fromtimestamp(0, UTC)
    deadline = time.monotonic() + 60
    while TRAFFIC > len(read_captured(cloud.client("s3"), place, ever, 2 * TRAFFIC, classes=2)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_serverless_endpoint_serves_the_model(promotion: Promotion) -> None:
    """An endpoint on instances cannot become serverless, so it is deleted first."""
    tool = promotion.tool
    tool.run("cleanup", "--run", "new", "--yes")
    deployed = tool.run("deploy", "--run", "new", "--mode", "serverless", "--memory", "2048")

    assert "serverless" == deployed["mode"]
    assert 1 == np.argmax(promotion.ask(photo()))
