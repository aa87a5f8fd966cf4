"""Measure how long good images wait beside malicious ones.

    python -m benchmarks.poisoned_uploads [RUNS]

Ten good and ten malicious images start at once; the reference is the ten good images alone, and ten
more good images show the cost of a harmless load. The local cloud must be running with the demo's
service on it. The malicious images are those of `tests/images/poison.py`: hidden pictures,
decompression bombs, and endless scans, each of a few bytes.
"""

import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from cli.outcomes import FAILED
from cli.service import find_service
from localcloud.server.cloud import Cloud, require
from localcloud.server.settings import Folder
from untrusted.terminal import say

RUNS = 10
_SAMPLES = sorted(Path("examples/photos/test").glob("*/*.webp"))
GOOD = _SAMPLES[:10]
MORE = _SAMPLES[10:20]
CLIENTS = 20
MOST = 2.0  # times as long as without the malicious images


class Bench:
    """The deployed service, which decides images that are already stored."""

    def __init__(self, cloud: Cloud) -> None:
        self._service = find_service(cloud.client("cloudformation"))
        self._s3 = cloud.client("s3")
        self._states = cloud.client("stepfunctions")

    def store(self, path: Path) -> dict[str, str]:
        """Store an image under a prefix that does not start the workflow; return the input."""
        key = f"archive/poisoned-uploads/{uuid4()}.jpg"
        bucket = self._service.image_bucket
        version = self._s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())["VersionId"]

        stored_at = datetime.now(UTC).isoformat()
        return {
            "image_url": f"s3://{bucket}/{key}",
            "version_id": version,
            "uploaded_at": stored_at,
        }

    def decide(self, event: dict[str, str]) -> tuple[float, str]:
        """Return the seconds of the workflow, and the outcome."""
        started = time.monotonic()
        execution = self._states.start_execution(
            stateMachineArn=self._service.workflow_arn, input=json.dumps(event)
        )

        while (found := self._described(execution["executionArn"]))["status"] == "RUNNING":
            time.sleep(0.01)
        return time.monotonic() - started, json.loads(found["output"])["outcome"]

    def _described(self, execution: str) -> Any:
        return self._states.describe_execution(executionArn=execution)

    def median(self, good: list[Path], poisoned: list[Path]) -> tuple[float, list[str]]:
        """Return the median seconds of the good images, and the outcomes of the malicious ones."""
        events = [self.store(path) for path in [*poisoned, *good]]

        with ThreadPoolExecutor(CLIENTS) as clients:
            decided = list(clients.map(self.decide, events))

        seconds = [taken for taken, _ in decided[len(poisoned) :]]
        return statistics.median(seconds), [outcome for _, outcome in decided[: len(poisoned)]]


def measure(cloud: Cloud, runs: int = RUNS) -> tuple[list[str], bool]:
    """Measure in turns; return the figures and whether good images wait as briefly as required."""
    bench = Bench(cloud)

    with TemporaryDirectory() as folder:
        # Run as a command, because only tests import tests.
        subprocess.run([sys.executable, "-m", "tests.images.poison", folder], check=True)
        poisoned = sorted(Path(folder).iterdir())

        bench.median(GOOD, poisoned)  # starts the processes of the functions
        rounds = [
            [bench.median(GOOD, beside) for beside in ([], poisoned, MORE)] for _ in range(runs)
        ]

    alone, beside, among_good = (
        statistics.median(seconds for seconds, _ in measured)
        for measured in zip(*rounds, strict=True)
    )
    outcomes = sorted({outcome for one in rounds for outcome in one[1][1]})
    lines = [
        f"p50 of {len(GOOD)} good images, medians of {runs} runs",
        f"  alone                        {1000 * alone:6.0f} ms",
        f"  beside {len(poisoned)} poisoned images    {1000 * beside:6.0f} ms",
        f"  ratio                        {beside / alone:6.2f}",
        f"  ratio beside {len(MORE)} good ones     {among_good / alone:6.2f}",
        f"  poisoned images end as       {', '.join(outcomes)}",
    ]
    return lines, beside <= MOST * alone and FAILED not in outcomes


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    lines, holds = measure(Cloud(require(Folder()).url), runs)
    say(*lines)
    sys.exit(not holds)
