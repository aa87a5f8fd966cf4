"""Every image gets exactly one outcome, under faults, crashes and repeated events."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.service import find_service
from examples.demo import run as demo_run
from examples.demo.uploads import Sample
from localcloud.faults.client import Faults
from localcloud.faults.kinds import KINDS
from localcloud.faults.plan import Target
from localcloud.server.cloud import Cloud
from tests.soak.deliveries import deliver
from tests.soak.plan import faults_of
from tests.soak.soak import soak
from tests.workflow.conftest import Demo
from tests.workflow.deployed import TRUCK, Deployed
from untrusted.console import Console

AT_ANSWER = "lambda-killed-at-answer"
# Crash before and after each AWS call of a function, and after the work of each function.
CRASHES = [(kind, 1) for kind in KINDS if kind.startswith("lambda-killed-") and kind != AT_ANSWER]
CRASHES += [(AT_ANSWER, function) for function in (1, 2, 3)]
# What two executions of the same bytes do not have in common.
OWN = {
    "image_url",
    "version",
    "uploaded_at",
    "execution",
    "opened_by",
    "opened_at",
    "recorded_at",
    "processing_time_ms",
    "audit",  # drawn by the image's name
    "waits_for",
}


@pytest.fixture
def faults(cloud: Cloud) -> Iterator[Faults]:
    """The faults of the tests' cloud, which are over at the end."""
    faults = faults_of(cloud.url)
    yield faults
    faults.heal()


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    """The images that the demo uploads."""
    return [*demo_run.test_images(), *demo_run.broken_images(tmp_path / "broken")]


@pytest.fixture(scope="module")
def undisturbed(service: Deployed) -> dict[str, Any]:
    """The record of a truck without any fault."""
    return facts(service.upload(TRUCK, "crash/never.webp").record)


def facts(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in OWN}


@pytest.mark.parametrize(("kind", "occurrence"), CRASHES)
def test_process_killed_at_any_call_leaves_the_record_as_without_a_crash(
    service: Deployed, faults: Faults, undisturbed: dict[str, Any], kind: str, occurrence: int
) -> None:
    name = f"crash/{kind}-{occurrence}.webp"
    faults.plan(1, targets=[Target(kind, name, occurrence)])
    # A process reads the model card once a minute: one that is new reads it now.
    with service.changed("classify-image", {"FRESH_PROCESS": name}):
        decided = service.upload(TRUCK, name)
    again = service.start(
        {
            "image_url": decided.output["image_url"],
            "version_id": decided.record["version"],
            "uploaded_at": decided.record["uploaded_at"],
        }
    )
    assert {kind: 1} == faults.injected()
    assert "Already recorded" == again.path[-1]
    assert undisturbed == facts(service.record(decided.output["image_url"]))


@pytest.mark.parametrize(
    ("kind", "times", "expected"),
    [
        ("endpoint-throttled", 2, ("ACCEPTED", None)),
        ("endpoint-throttled", 3, ("FAILED", "EndpointThrottledError")),
        ("endpoint-denied", 1, ("FAILED", "EndpointAccessDeniedError")),
    ],
)
def test_endpoint_error_with_a_null_message_is_named_and_retried_by_its_code(
    service: Deployed, faults: Faults, kind: str, times: int, expected: tuple[str, str | None]
) -> None:
    name = f"null/{kind}-{times}.webp"
    faults.plan(1, targets=[Target(kind, name, times=times)])
    image_url = service.put(TRUCK, name)
    service.wait_for({image_url})
    record = service.record(image_url)
    assert expected == (record["outcome"], record.get("error"))
    assert {kind: times} == faults.injected()
    assert "AWS gave no reason" in record.get("cause", "AWS gave no reason")


@pytest.mark.parametrize("uploads", [250, pytest.param(1_000, marks=pytest.mark.long)])
def test_reconciliation_succeeds_after_uploads_under_faults(
    cloud: Cloud, service: Deployed, demo: Demo, samples: list[Sample], uploads: int
) -> None:
    deployed = find_service(cloud.client("cloudformation"))
    folder = f"s3://{deployed.image_bucket}/uploads/"
    reference = {output["image_url"].removeprefix(folder): output for output in demo.decisions}
    verdict = soak(cloud, deployed, samples, reference, uploads, seed=1)
    verdict.show(Console(width=160))
    assert verdict.reconciled
    assert len(verdict.faults) >= 12
    assert sum(verdict.faults.values()) >= uploads / 4


def test_events_delivered_five_times_leave_one_record_and_call_the_endpoint_once(
    cloud: Cloud, service: Deployed, samples: list[Sample]
) -> None:
    sound = [sample for sample in samples if sample.label]
    verdict = deliver(cloud, find_service(cloud.client("cloudformation")), sound, keys=10, seed=1)
    print(verdict)
    assert [] == verdict.wrong
    assert verdict.calls_later <= 1.01
