"""Train and deploy a model with the commands of the training tool."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from examples.demo.errors import TrainingStepError

ROOT = Path(__file__).parents[2]
SAMPLES = Path("examples/photos")
ENDPOINT = "scones-unlimited"  # the training tool's endpoint of the dev environment
# A step skips its work if an earlier run of the demo did it; only evaluate measures again.
STEPS = (
    ("stage", str(SAMPLES), "--other", str(SAMPLES / "other")),
    ("train",),
    ("deploy", "--take-over"),  # an endpoint of an earlier demo may have other tags
    ("threshold", "--precision", "0.97"),
    ("evaluate", "--again", "--min-accuracy", "0.9", "--ood", str(SAMPLES / "ood")),
)


def run_steps(environment: Mapping[str, str], runs: Path) -> Iterator[str]:
    """Run the steps one after the other; yield each command before it starts.

    The output of the steps goes to the terminal.

    Args:
        environment: Environment variables that name the cloud.
        runs: The folder of run.json and of the evaluation report.

    Raises:
        TrainingStepError: A step failed; its message is on the terminal.
    """
    for step in STEPS:
        yield f"scones {' '.join(step)}"
        run_step(environment, runs, *step)


def run_step(environment: Mapping[str, str], runs: Path, *step: str) -> None:
    """Run one step of the training tool.

    Raises:
        TrainingStepError: The step failed; its message is on the terminal.
    """
    command = [sys.executable, "-m", "training", *step, "--runs", str(runs)]
    if subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode:
        raise TrainingStepError(f"`scones {step[0]}` failed; its message is above.")
