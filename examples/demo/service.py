"""Build and deploy the service with SAM CLI, exactly as it goes to AWS."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from examples.demo.errors import SamError
from examples.demo.prerequisites import require_tools
from localcloud.lambda_runtime.settings import ARCHITECTURE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "scones-unlimited"


@dataclass(frozen=True)
class Service:
    """What the deployed stack is called: the values of the template's outputs."""

    image_bucket: str
    workflow_arn: str
    results_table: str
    failure_queue_url: str


def build(log: Path, environment: Mapping[str, str]) -> None:
    """Run `sam build` for this machine's processor. Raises MissingToolError or SamError."""
    _sam(["build", "--config-env", "local", "--parameter-overrides", f"Architecture={ARCHITECTURE}"], log, environment)


def deploy(log: Path, environment: Mapping[str, str], endpoint: str, **parameters: str) -> None:
    """Run `sam deploy` of what was built, with the endpoint to use and more parameters. Raises as `build`."""
    parameters = {"Stage": "dev", "Architecture": ARCHITECTURE, "EndpointName": endpoint, **parameters}
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    _sam(["deploy", "--config-env", "local", "--parameter-overrides", *overrides], log, environment)


def outputs(cloudformation: "CloudFormationClient", stack_name: str = STACK) -> Service:
    """Read what the resources of a deployed stack are called."""
    [stack] = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    values = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Service(
        image_bucket=values["ImageBucketName"],
        workflow_arn=values["ImageClassificationWorkflowArn"],
        results_table=values["ResultsTableName"],
        failure_queue_url=values["FailureQueueUrl"],
    )


def _sam(arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
    require_tools(environment, ("sam", "python3.13"))  # sam build looks for the runtime's own Python on PATH
    program = str(shutil.which("sam", path=environment["PATH"]))
    with log.open("w") as output:
        result = subprocess.run(
            [program, *arguments], stdout=output, stderr=subprocess.STDOUT, env=dict(environment), check=False
        )
    if result.returncode:
        tail = log.read_text().splitlines()[-15:]
        raise SamError(f"`sam {arguments[0]}` failed:", *tail, f"The whole output is in {log}.")
