"""The bucket and the role that all runs of a stage share: the stack of `stacks/training.yaml`."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, WaiterError

from cli.aws import AwsError, code_of
from training.project.naming import Names
from training.project.run_file import RunFile
from untrusted.console import Console

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import WaiterConfigTypeDef

TEMPLATE = Path(__file__).parents[2] / "stacks/training.yaml"
DATA_KEYS, VOLUME_KEYS = "DataKeyArns", "VolumeKeyArns"  # parameters of the template
POLLING: "WaiterConfigTypeDef" = {"Delay": 2, "MaxAttempts": 150}  # seconds, and how often


class TrainingStackFailedError(AwsError):
    """The stack with bucket and role could not be made or updated; its events say why."""


@dataclass(frozen=True)
class TrainingStack:
    """The outputs of the stack, and the KMS keys that its role may use: for objects, for volumes."""

    bucket: str
    role: str
    data_keys: tuple[str, ...] = ()
    volume_keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()  # the names of all of them


def find_training_stack(cloudformation: "CloudFormationClient", name: str) -> TrainingStack | None:
    """Read the outputs and parameters of the stack; return None if it does not exist, or not yet."""
    try:
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as exc:
        if code_of(exc) == "ValidationError":  # "Stack with id ... does not exist"
            return None
        raise
    if stack["StackStatus"] == "CREATE_IN_PROGRESS":
        return None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    if "SageMakerRoleArn" not in outputs:
        raise TrainingStackFailedError(
            f"The stack {stack['StackName']} is {stack['StackStatus']} and has no outputs: wait, or delete it first."
        )
    given = stack.get("Parameters", [])
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in given}
    lists = (parameters.get(one, "").split(",") for one in (DATA_KEYS, VOLUME_KEYS))
    data, volumes = (tuple(filter(None, arns)) for arns in lists)
    made = outputs["TrainingBucketName"], outputs["SageMakerRoleArn"]
    return TrainingStack(*made, data_keys=data, volume_keys=volumes, parameters=tuple(parameters))


def bucket_name(run: RunFile, cloudformation: "CloudFormationClient", name: str) -> str | None:
    """Return the bucket of the run's dataset, or else that of the stack; None before there is one."""
    if staged := run.find("stage"):
        return str(staged["bucket"])
    stack = find_training_stack(cloudformation, name)
    return stack.bucket if stack else None


def ensure_training_stack(cloudformation: "CloudFormationClient", names: Names, console: Console) -> TrainingStack:
    """Create the stack unless it exists.

    Raises:
        TrainingStackFailedError: it cannot be made.
    """
    name = names.training_stack
    found = find_training_stack(cloudformation, name)
    if found:
        return found
    console.print(f"Making the stack {name}: a bucket for datasets and models, a role for SageMaker.")
    with suppress(cloudformation.exceptions.AlreadyExistsException):  # a call that was interrupted began it
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": "Service", "ParameterValue": names.service}],
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "project", "Value": names.project}, {"Key": "stage", "Value": names.stage}],
        )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=POLLING)
    except WaiterError as exc:
        raise TrainingStackFailedError(f"The stack {name}: {exc}. {TrainingStackFailedError.__doc__}") from exc
    made = find_training_stack(cloudformation, name)
    if made is None:
        raise TrainingStackFailedError(f"The stack {name} was deleted while it was made.")
    return made
