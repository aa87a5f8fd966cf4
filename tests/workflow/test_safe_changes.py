"""Update the model while images arrive: an alarm rolls back a bad model, no image is lost."""

import io
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.demo import run as demo_run
from localcloud.faults.client import Faults
from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo
from tests.workflow.deployed import Deployed
from tests.workflow.operations import Operations

ROOT = Path(__file__).parents[2]
QUIET = 1800  # seconds: longer than the periods of alarms and comparisons
IMAGES_AT_ONCE = 8


@dataclass
class Change:
    """The training tool and uploads, side by side."""

    cloud: Cloud
    service: Deployed
    runs: Path
    images: list[bytes] = field(
        default_factory=lambda: [sample.path.read_bytes() for sample in demo_run.test_images()]
    )

    @property
    def serving(self) -> tuple[str, str]:
        """The endpoint configuration in service, and that of the model card."""
        endpoint = self.cloud.client("sagemaker").describe_endpoint(
            EndpointName=self.service.endpoint
        )
        return endpoint["EndpointConfigName"], self.card["endpoint_config"]

    @property
    def card(self) -> dict[str, Any]:
        """The model card."""
        return self.service.model_card()

    def start(self, *step: str) -> "subprocess.Popen[str]":
        """Start a step of the training tool."""
        command = [sys.executable, "-m", "training", *step, "--runs", str(self.runs)]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.cloud.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *step: str) -> tuple[int, str]:
        """Exit status and output of a step."""
        process = self.start(*step)
        output, _ = process.communicate(timeout=300)
        return process.returncode, output

    def run_for_hours(self, hours: Iterator[int], *step: str) -> tuple[int, str]:
        """Do the same while the clock of the alarms and the monitoring period advances."""
        process, faults = self.start(*step), Faults(self.cloud.url)
        while process.poll() is None:
            faults.put_clock_ahead(next(hours))
            time.sleep(0.5)
        output, _ = process.communicate()
        return process.returncode, output

    def shadow_figures(self, model: str) -> dict[str, float]:
        """Return the answer of `deploy --shadow` once the shadow has metrics, within seconds."""
        for _ in range(10):
            _, output = self.run("deploy", "--shadow", "--model-data", model, "--json")
            figures: dict[str, float] = json.loads(output[output.index("{") :])["variants"][
                "shadow"
            ]
            if figures["requests"]:
                return figures
        pytest.fail("The shadow was never asked.")

    def model(self, name: str, **faults: float) -> str:
        """Store the served model again, with faults or with an additional class; return its URL."""
        url = json.loads((self.runs / "scones-unlimited/default/run.json").read_text())["steps"][
            "train"
        ]["result"]
        bucket, _, key = url["model_data"].removeprefix("s3://").partition("/")
        s3 = self.cloud.client("s3")
        files = unpacked(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        files |= (
            {"faults.json": json.dumps(faults).encode()} if faults else with_a_class_more(files)
        )
        s3.put_object(Bucket=bucket, Key=f"models/{name}/model.tar.gz", Body=packed(files))
        return f"s3://{bucket}/models/{name}/model.tar.gz"

    def upload_during(self, process: "subprocess.Popen[str]", prefix: str) -> tuple[set[str], str]:
        """Upload images while a step runs; return their URLs and the output of the step."""
        urls, numbers = set[str](), count()
        while process.poll() is None:
            urls |= self.upload(numbers, prefix)
        output, _ = process.communicate()
        return urls, " ".join(output.split())

    def upload(self, numbers: Iterator[int], prefix: str, batches: int = 1) -> set[str]:
        """Upload images, a few at a time, and wait for their outcomes; their URLs."""
        urls = set[str]()
        for _ in range(batches):
            some = list(islice(numbers, IMAGES_AT_ONCE))
            batch = {
                self.service.put(self.images[one % len(self.images)], f"{prefix}/{one}.webp")
                for one in some
            }
            self.service.wait_for(batch)
            urls |= batch
        return urls


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            one.name.removeprefix("./"): tar.extractfile(one).read()  # type: ignore[union-attr]
            for one in tar
            if one.isfile()
        }


def packed(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive.getvalue()


def with_a_class_more(files: dict[str, bytes]) -> dict[str, bytes]:
    """The weights and the description of a model, with one class more."""
    head = dict(np.load(io.BytesIO(files["head.npz"])))
    wider = {
        name: np.concatenate([values, values[..., :1]], axis=-1) for name, values in head.items()
    }
    weights = io.BytesIO()
    np.savez(weights, weights=wider["weights"], bias=wider["bias"])
    described = json.loads(files["model.json"])
    described["num_classes"] += 1
    return {"head.npz": weights.getvalue(), "model.json": json.dumps(described).encode()}


@pytest.fixture(scope="module")
def change(cloud: Cloud, service: Deployed, demo: Demo) -> Change:
    return Change(cloud, service, demo.runs)


@pytest.fixture(scope="module")
def hours(cloud: Cloud) -> Iterator[Iterator[int]]:
    """Moments so far apart that alarms forget the data of the earlier one."""
    faults = Faults(cloud.url)
    yield count(QUIET, QUIET)
    faults.put_clock_ahead(0)


@pytest.fixture
def quiet(cloud: Cloud, hours: Iterator[int]) -> None:
    """Whatever happened in other tests is long ago."""
    Faults(cloud.url).put_clock_ahead(next(hours))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("name", "faults", "alarm"),
    [
        pytest.param(
            "wrong-shape", {}, "scones-unlimited-failed-executions", marks=pytest.mark.long
        ),
        pytest.param("errors", {"errors": 0.2}, "-errors", marks=pytest.mark.long),
        pytest.param("slow", {"times_slower": 5}, "-latency", marks=pytest.mark.long),
    ],
)
def test_canary_of_a_bad_model_is_rolled_back_by_its_alarm_without_losing_images(
    change: Change, operations: Operations, name: str, faults: dict[str, float], alarm: str
) -> None:
    before, model = change.serving, change.model(name, **faults)
    change.upload(
        count(), f"before/{name}", batches=3
    )  # the latency limit follows from the previous model
    canary = ("--strategy", "canary", "--monitoring-period", "5m", "--instances", "2")
    urls, output = change.upload_during(
        change.start("deploy", "--model-data", model, *canary), f"canary/{name}"
    )
    assert "rolled back the update" in output, output
    assert alarm in output, output
    assert before == change.serving
    operations("redrive", "--prefix", f"uploads/canary/{name}/", "--yes")
    accounted = operations("reconcile", "--prefix", f"uploads/canary/{name}/", "--older-than", "0s")
    assert len(urls) == accounted["uploads"]
    assert len(urls) == accounted["accepted"] + accounted["review"]


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
def test_canary_of_a_good_model_stays_until_it_is_rolled_back_with_its_card(
    change: Change, hours: Iterator[int]
) -> None:
    before, card = change.serving, change.card
    status, output = change.run_for_hours(
        hours, "deploy", "--strategy", "canary", "--instances", "2"
    )
    assert 0 == status, output
    after = change.serving
    assert after[0] == after[1]
    assert after != before
    status, output = change.run("rollback")
    assert 0 == status, output
    assert before == change.serving
    assert card == change.card


@pytest.mark.long
@pytest.mark.usefixtures("quiet")
def test_two_variants_share_the_images_and_records_name_the_variant(change: Change) -> None:
    before, card = change.serving, change.card
    status, output = change.run("ab", "--weights", "AllTraffic=50,b=50")
    assert 0 == status, output
    urls = {change.service.put(change.images[number], f"ab/{number}.webp") for number in range(40)}
    change.service.wait_for(urls)
    _, output = change.run("ab", "--json")
    assert ({"AllTraffic", "b"}, 40) == variants_in(output)
    status, output = change.run("rollback")
    assert 0 == status, output
    assert before == change.serving
    assert card == change.card


@pytest.mark.usefixtures("quiet")
def test_answers_of_a_shadow_variant_are_never_used(change: Change) -> None:
    before, model = change.serving, change.model("shadow", errors=1)
    status, output = change.run("deploy", "--shadow", "--model-data", model)
    assert 0 == status, output
    records = [
        change.service.upload(change.images[number], f"shadow/{number}.webp").record
        for number in (0, 1)
    ]
    assert {record["outcome"] for record in records} <= {"ACCEPTED", "REVIEW"}
    endpoint = change.cloud.client("sagemaker").describe_endpoint(
        EndpointName=change.service.endpoint
    )
    assert ["shadow"] == [one["VariantName"] for one in endpoint["ShadowProductionVariants"]]
    assert 1.0 == change.shadow_figures(model)["error_share"]
    status, output = change.run("rollback")
    assert 0 == status, output
    assert before == change.serving, output


def variants_in(output: str) -> tuple[set[str], int]:
    """The variants in the answer of `ab --json`, and the images of all variants."""
    variants = json.loads(output[output.index("{") :])["variants"]
    return {one["variant"] for one in variants}, sum(one["images"] for one in variants)
