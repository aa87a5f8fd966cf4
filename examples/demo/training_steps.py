"""Have a model in service, by the training tool's own commands: the same that a user types, here or against AWS."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from examples.demo.errors import TrainingStepError

ROOT = Path(__file__).parents[2]
SAMPLES = Path("examples/photos")
ENDPOINT = "scones-unlimited"  # what the training tool calls the endpoint of the dev environment
# Each does nothing that an earlier run of the demo has done already, except that evaluate measures anew.
STEPS = (
    ("stage", str(SAMPLES), "--other", str(SAMPLES / "other")),
    ("train",),
    ("deploy", "--take-over"),  # whatever served the demo before
    ("threshold", "--precision", "0.97"),
    ("evaluate", "--again", "--min-accuracy", "0.9", "--ood", str(SAMPLES / "ood")),
)


def run_steps(environment: Mapping[str, str], runs: Path) -> Iterator[str]:
    """Run the steps one after the other, yielding each command before it starts; what they show goes to the terminal.

    Args:
        environment: Where the AWS is that they work in.
        runs: The folder of their run.json, beside which evaluate leaves its report.

    Raises:
        TrainingStepError: a step ended with an error, which it has shown.
    """
    for step in STEPS:
        yield f"python -m training {' '.join(step)}"
        run_step(environment, runs, *step)


def run_step(environment: Mapping[str, str], runs: Path, *step: str) -> None:
    """Run one step of the training tool. Raises TrainingStepError."""
    command = [sys.executable, "-m", "training", *step, "--runs", str(runs)]
    if subprocess.run(command, cwd=ROOT, env=dict(environment), check=False).returncode:
        raise TrainingStepError(
            f"`python -m training {step[0]}` did not end well; what it said is above."
        )
