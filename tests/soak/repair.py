"""Repair the service after an outage with the commands in docs/operations.md."""

import subprocess
import sys
from pathlib import Path

from localcloud.server.cloud import Cloud
from tests.soak.errors import RepairError

ROOT = Path(__file__).parents[2]
# Executions started per second: the maximum of the local cloud.
_RATE = 100


def redrive(cloud: Cloud, prefix: str) -> None:
    """Run failed images under a prefix again, and wait for their outcomes.

    Raises:
        RepairError: the command failed.
    """
    _operations(cloud, "redrive", "--prefix", prefix, "--yes", "--rate", str(_RATE), well=(0, 1))


def start_what_is_missing(cloud: Cloud, prefix: str) -> None:
    """Start the workflow for every image without an outcome under a prefix.

    Raises:
        RepairError: the command failed.
    """
    _operations(
        cloud, "reconcile", "--prefix", prefix, "--older-than", "0s", "--start", well=(0, 1)
    )


def is_accounted_for(cloud: Cloud, prefix: str) -> bool:
    """Return whether `reconcile` finds an outcome of every image under a prefix.

    Raises:
        RepairError: the command failed.
    """
    return (
        _operations(cloud, "reconcile", "--prefix", prefix, "--older-than", "0s", well=(0, 1)) == 0
    )


def _operations(cloud: Cloud, *command: str, well: tuple[int, ...] = (0,)) -> int:
    arguments = [sys.executable, "-m", "operations", *command]
    ended = subprocess.run(
        arguments, cwd=ROOT, env=cloud.environment, capture_output=True, text=True, check=False
    )
    if ended.returncode not in well:
        said = (ended.stdout + ended.stderr).splitlines()[-15:]
        raise RepairError(f"`python -m operations {' '.join(command)}` failed:", *said)
    return ended.returncode
