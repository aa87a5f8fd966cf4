"""Measure the accuracy of the training tool on two datasets, for `make accuracy`.

The first dataset has two classes: the sample images. The second has ten classes: 2,000 training
images and all 10,000 test images of CIFAR-10, fetched on demand into build/cifar10. Each dataset
has a separate local cloud and uses the commands of the training tool.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import cifar10
from localcloud.server.cloud import running
from untrusted.console import Console

MOST_SECONDS = 30.0  # for one training job on 2 cores
STEPS = ("train", "deploy", "evaluate")


@dataclass(frozen=True)
class Trial:
    """A dataset, and the minimum accuracy on its test images."""

    name: str
    images: Path
    least_accuracy: float


TRIALS = (
    Trial("cars-and-trucks", Path("examples/photos"), 0.92),
    Trial("cifar-10", Path("build/cifar10"), 0.85),
)


def training(environment: Mapping[str, str], runs: Path, *step: str) -> dict[str, Any]:
    """Run a step of the training tool and return its data; its progress goes to the terminal."""
    command = [sys.executable, "-m", "training", *step, "--json", "--runs", str(runs)]
    ended = subprocess.run(
        command, env=dict(environment), stdout=subprocess.PIPE, check=True, text=True
    )
    data: dict[str, Any] = json.loads(ended.stdout)
    return data


def measure(trial: Trial) -> tuple[float, dict[str, Any]]:
    """Return the seconds of the training job, and the metrics on the test images."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / ".local") as cloud:
        runs = Path(folder) / "runs"
        training(cloud.environment, runs, "stage", str(trial.images), "--run", trial.name)
        results = {
            step: training(cloud.environment, runs, step, "--run", trial.name) for step in STEPS
        }
    return float(results["train"]["seconds"]), results["evaluate"]["metrics"]


def main() -> int:
    """Measure both datasets, print a table, and return 0 if every figure is reached."""
    cifar10.fetch(TRIALS[1].images)
    table = Table(
        "dataset", "accuracy", "95 % interval", "n", "at least", "training job", "at most"
    )
    reached = True

    for trial in TRIALS:
        seconds, metrics = measure(trial)
        low, high = metrics["accuracy_interval"]
        reached &= metrics["accuracy"] >= trial.least_accuracy and seconds <= MOST_SECONDS
        table.add_row(
            trial.name,
            f"{metrics['accuracy']:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{metrics['n']:,}",
            f"{trial.least_accuracy:.0%}",
            f"{seconds:.1f} s",
            f"{MOST_SECONDS:.0f} s",
        )

    Console().print(table)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
