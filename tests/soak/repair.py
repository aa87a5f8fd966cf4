"""What people do after an outage, by the commands that docs/operations.md names."""

import subprocess
import sys
from pathlib import Path

from localcloud.server.cloud import Cloud
from tests.soak.errors import RepairError

ROOT = Path(__file__).parents[2]
_RATE = 100  # executions started a second: as fast as the local cloud can, so that a soak does not wait for it


def redrive(cloud: Cloud, prefix: str) -> None:
    """Send what failed under a prefix through the workflow again, and wait for the outcomes. Raises RepairError."""
    _operations(cloud, "redrive", "--prefix", prefix, "--yes", "--rate", str(_RATE), well=(0, 1))


def start_what_is_missing(cloud: Cloud, prefix: str) -> None:
    """Start the workflow for every image under a prefix that has no outcome. Raises RepairError."""
    _operations(
        cloud, "reconcile", "--prefix", prefix, "--older-than", "0s", "--start", well=(0, 1)
    )


def is_accounted_for(cloud: Cloud, prefix: str) -> bool:
    """Tell whether the service's own tool finds an outcome of every image under a prefix. Raises RepairError."""
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
