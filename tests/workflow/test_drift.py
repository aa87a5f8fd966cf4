"""`scones monitor` on the decisions of the deployed service."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from examples.demo import run as demo_run
from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo
from tests.workflow.deployed import Deployed

ROOT = Path(__file__).parents[2]
IMAGES = 50  # that are uploaded for a comparison, and the newest that it looks at
PUBLISHED = 60  # seconds within which captured requests are in S3
LIGHT = 0.15  # of dark images


@dataclass
class Monitored:
    """The demo's service, and the training tool beside it."""

    cloud: Cloud
    service: Deployed
    demo: Demo

    def upload(self, prefix: str, light: float = 1) -> None:
        """Upload held-out images, in their own light or less, and wait for their outcomes."""
        samples = islice(demo_run.test_images(), 0, 4 * IMAGES, 4)
        data = [darkened(sample.path.read_bytes(), light) for sample in samples]
        self.service.wait_for(
            {self.service.put(one, f"{prefix}/{number}.png") for number, one in enumerate(data)}
        )

    def run(self, *step: str) -> "subprocess.CompletedProcess[str]":
        """Run a step of the training tool to its end."""
        command = [sys.executable, "-m", "training", *step, "--runs", str(self.demo.runs)]
        environment = self.cloud.environment
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def compare(self) -> tuple[int, dict[str, Any]]:
        """Exit status and data of a comparison of the latest uploads."""
        ended = self.run("monitor", "--images", str(IMAGES), "--json")
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)


def darkened(image: bytes, light: float) -> bytes:
    """An image with a share of its brightness."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(image)) as opened:
        ImageEnhance.Brightness(opened.convert("RGB")).enhance(light).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def monitored(cloud: Cloud, service: Deployed, demo: Demo) -> Monitored:
    return Monitored(cloud, service, demo)


@pytest.fixture
def capturing(monitored: Monitored) -> Iterator[Monitored]:
    """The service with an endpoint that captures all requests; afterwards it is as before."""
    before = monitored.service.model_card()
    deployed = monitored.run("deploy", "--capture", "1.0")
    assert 0 == deployed.returncode, deployed.stderr
    yield monitored
    assert 0 == monitored.run("rollback").returncode
    assert before == monitored.service.model_card()


def test_monitor_finds_no_drift_in_held_out_images_and_some_when_it_is_dark(
    monitored: Monitored,
) -> None:
    monitored.upload("drift/usual")
    status, found = monitored.compare()
    assert 0 == status
    assert [] == found["drifted"]
    assert IMAGES == found["records"]
    monitored.upload("drift/dark", LIGHT)
    status, found = monitored.compare()
    assert 3 == status, found
    assert "DriftError" == found["error"]["type"], found
    assert "confidence" in found["drifted"], found


@pytest.mark.long
def test_monitor_compares_captured_images_without_the_tools_own_requests(
    capturing: Monitored,
) -> None:
    capturing.upload("drift/captured")
    deadline = time.monotonic() + PUBLISHED
    while (compared := capturing.compare())[1]["captured"] < IMAGES:
        assert time.monotonic() < deadline
    assert 0 == compared[0]
    assert [] == compared[1]["drifted"]
    assert [] == compared[1]["notes"]
    capturing.upload("drift/captured-dark", LIGHT)
    capturing.run("evaluate", "--again")
    status, found = capturing.compare()
    assert 3 == status, found
    assert "brightness" in found["drifted"], found
