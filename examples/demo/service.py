"""Build and deploy the service with SAM CLI, exactly as on AWS."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from examples.demo.errors import SamError
from examples.demo.prerequisites import require_tools
from localcloud.lambda_runtime.settings import ARCHITECTURE


def build(log: Path, environment: Mapping[str, str]) -> None:
    """Run `sam build` for this machine's processor.

    Raises:
        MissingToolError: SAM CLI or the functions' Python is not on PATH.
        SamError: The command failed.
    """
    _sam(
        ["build", "--config-env", "local", "--parameter-overrides", f"Architecture={ARCHITECTURE}"],
        log,
        environment,
    )


def deploy(log: Path, environment: Mapping[str, str], endpoint: str, **parameters: str) -> None:
    """Run `sam deploy` with the endpoint and further template parameters.

    Raises:
        MissingToolError: SAM CLI is not on PATH.
        SamError: The command failed.
    """
    parameters = {
        "Environment": "dev",
        "Architecture": ARCHITECTURE,
        "EndpointName": endpoint,
        **parameters,
    }
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    _sam(["deploy", "--config-env", "local", "--parameter-overrides", *overrides], log, environment)


def _sam(arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
    require_tools(
        environment, ("sam", "python3.13")
    )  # sam build runs the functions' Python from PATH
    program = str(shutil.which("sam", path=environment["PATH"]))
    with log.open("w") as output:
        result = subprocess.run(
            [program, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            check=False,
        )
    if result.returncode:
        tail = log.read_text().splitlines()[-15:]
        raise SamError(f"`sam {arguments[0]}` failed:", *tail, f"The whole output is in {log}.")
