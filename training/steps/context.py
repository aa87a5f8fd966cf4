"""What every step is given, and the shape of a module that is a step."""

import argparse
from dataclasses import dataclass
from typing import Any, Protocol

from cli.aws import Aws
from training.project.naming import Names
from training.project.run_file import RunFile
from untrusted.console import Console


@dataclass(frozen=True)
class Context:
    """Where a step works (account, names), what it knows (run.json) and where it speaks."""

    aws: Aws
    names: Names
    run: RunFile
    console: Console


class Step(Protocol):
    """A module that is a step of the tool."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the step's own options."""

    def run(self, context: Context, options: argparse.Namespace) -> dict[str, Any]:
        """Do the step: show it on the console, keep it in run.json, and return the data that --json prints.

        Raises:
            TrainingError: it cannot be done; what was done stays, and the step can be run again.
        """
