"""What every step is given, and the shape of a module that is a step."""

import argparse
from dataclasses import dataclass
from typing import Any, Protocol

from cli.aws import Aws
from training.endpoint.changes import Endpoint
from training.models.registry import ModelRegistry
from training.project.naming import Names
from training.project.run_file import RunFile
from training.project.training_stack import EnvironmentStack
from untrusted.console import Console


@dataclass(frozen=True)
class Context:
    """Where a step works (account, names), what it knows (run.json) and where it speaks."""

    aws: Aws
    names: Names
    run: RunFile
    console: Console

    @property
    def stack(self) -> EnvironmentStack:
        """The training stack of the environment."""
        return EnvironmentStack(self.aws.cloudformation, self.names, self.console)

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint of the environment."""
        return Endpoint.of_environment(self.aws.sagemaker, self.names, self.console)

    @property
    def registry(self) -> ModelRegistry:
        """The model registry of the environment."""
        return ModelRegistry(self.aws, self.names)


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
