"""Define the context that every step gets, and the interface of a step's module."""

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
    """The account, the names, the run file and the console of a step."""

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
    """The interface of a step's module."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the step's own options."""

    def run(self, context: Context, options: argparse.Namespace) -> dict[str, Any]:
        """Run the step, record its result in run.json, and return the data for --json.

        Raises:
            TrainingError: The step failed. The same command resumes it.
        """
