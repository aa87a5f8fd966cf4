"""One local cloud for all workflow tests, with the demo's service and model on it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.service import find_service
from examples.demo.run import run
from examples.demo.training_steps import ENDPOINT
from localcloud.server.cloud import Cloud, running
from localcloud.server.settings import Folder
from tests.workflow.deployed import Deployed
from tests.workflow.operations import Operations

COLD_START_SECONDS = 35.0  # more than the three calls of 8 seconds of an endpoint on instances


@dataclass(frozen=True)
class Demo:
    """The ended demo: exit status, data, page, failed executions, and folder of training runs."""

    status: int
    decisions: list[dict[str, Any]]
    page: str
    failed_executions: int
    runs: Path


@pytest.fixture(scope="session")
def cloud_folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Name the folder of the tests' cloud, which holds state and logs."""
    return Folder(tmp_path_factory.mktemp("cloud") / ".local")


@pytest.fixture(scope="session")
def cloud(cloud_folder: Folder) -> Iterator[Cloud]:
    """A local cloud of the tests' own: no waits between retries, faults on request.

    Its serverless endpoints start slowly, for tests/workflow/test_cold_start.py alone.
    """
    with running(
        cloud_folder.path, wait_scale=0, faults=True, cold_start_seconds=COLD_START_SECONDS
    ) as started:
        yield started
    assert [] == processes_of(cloud_folder.path)


def processes_of(folder: Path) -> list[str]:
    """The command lines of the processes that have to do with a local cloud's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended in the meantime
            command = (process / "cmdline").read_text()
            if str(folder) in command + (process / "environ").read_text(errors="replace"):
                found.append(command)
    return found


@pytest.fixture(scope="session")
def demo(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run the demo on the tests' cloud: model, `sam build`, `sam deploy` and 227 uploads."""
    folder = tmp_path_factory.mktemp("demo")
    status = run(cloud, folder / "state", folder / "results")
    workflow = find_service(cloud.client("cloudformation")).workflow_arn
    failed = cloud.client("stepfunctions").list_executions(
        stateMachineArn=workflow, statusFilter="FAILED"
    )
    decisions = json.loads((folder / "results/decisions.json").read_text())
    return Demo(
        status,
        decisions,
        (folder / "results/index.html").read_text(),
        len(failed["executions"]),
        folder / "state/runs",
    )


@pytest.fixture(scope="session")
def service(cloud: Cloud, demo: Demo) -> Deployed:
    """The service that the demo deployed, with the model that it trained."""
    return Deployed(cloud, find_service(cloud.client("cloudformation")), ENDPOINT)


@pytest.fixture(scope="session")
def operations(cloud: Cloud) -> Operations:
    """`python -m operations` against the tests' cloud."""
    return Operations(cloud)


@pytest.fixture(scope="session")
def built(demo: Demo) -> Path:
    """The folder in which the demo's `sam build` left the service's artifacts."""
    return Path(__file__).parents[2] / ".aws-sam/build"
