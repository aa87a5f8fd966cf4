"""Manage the training stack (`stacks/training.yaml`): the bucket and role of an environment."""

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


@dataclass(frozen=True)
class EnvironmentStack:
    """The training stack of an environment, which may not exist yet."""

    cloudformation: "CloudFormationClient"
    names: Names
    console: Console

    @property
    def name(self) -> str:
        """The name of the stack."""
        return self.names.training_stack

    def find(self) -> TrainingStack | None:
        """Read the outputs and parameters of the stack; return None if it does not exist, or not yet."""
        try:
            [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as exc:
            if code_of(exc) == "ValidationError":  # "Stack with id ... does not exist"
                return None
            raise
        if stack["StackStatus"] == "CREATE_IN_PROGRESS":
            return None
        outputs = {
            output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])
        }
        if "SageMakerRoleArn" not in outputs:
            status = stack["StackStatus"]
            raise TrainingStackFailedError(
                f"The stack {self.name} is {status} and has no outputs: wait, or delete it first."
            )
        given = stack.get("Parameters", [])
        parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in given}
        return TrainingStack(
            outputs["TrainingBucketName"],
            outputs["SageMakerRoleArn"],
            data_keys=_listed(parameters.get(DATA_KEYS, "")),
            volume_keys=_listed(parameters.get(VOLUME_KEYS, "")),
            parameters=tuple(parameters),
        )

    def bucket_of(self, run: RunFile) -> str | None:
        """Return the bucket of the run's dataset, or else that of the stack; None before there is one."""
        if staged := run.find("stage"):
            return str(staged["bucket"])
        found = self.find()
        return found.bucket if found else None

    def ensure(self) -> TrainingStack:
        """Create the stack unless it exists.

        Raises:
            TrainingStackFailedError: it cannot be made.
        """
        if found := self.find():
            return found
        self.console.print(
            f"Making the stack {self.name}: a bucket for datasets and models, a role for SageMaker."
        )
        tags = {"project": self.names.project, "environment": self.names.environment}
        with suppress(
            self.cloudformation.exceptions.AlreadyExistsException
        ):  # an interrupted call began it
            self.cloudformation.create_stack(
                StackName=self.name,
                TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
                Parameters=[{"ParameterKey": "Service", "ParameterValue": self.names.service}],
                Capabilities=["CAPABILITY_IAM"],
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        try:
            waiter = self.cloudformation.get_waiter("stack_create_complete")
            waiter.wait(StackName=self.name, WaiterConfig=POLLING)
        except WaiterError as exc:
            raise TrainingStackFailedError(
                f"The stack {self.name}: {exc}. {TrainingStackFailedError.__doc__}"
            ) from exc
        made = self.find()
        if made is None:
            raise TrainingStackFailedError(f"The stack {self.name} was deleted while it was made.")
        return made


def _listed(arns: str) -> tuple[str, ...]:
    return tuple(filter(None, arns.split(",")))
