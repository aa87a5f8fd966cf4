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
DATA_KEYS = "DataKeyArns"  # parameters of the template
VOLUME_KEYS = "VolumeKeyArns"
POLLING: "WaiterConfigTypeDef" = {"Delay": 2, "MaxAttempts": 150}  # the delay is in seconds


class TrainingStackFailedError(AwsError):
    """The events of the stack in CloudFormation give the reason."""


@dataclass(frozen=True)
class TrainingStack:
    """The outputs of the stack, and the KMS keys of objects and volumes that its role may use."""

    bucket: str
    role: str
    data_keys: tuple[str, ...] = ()
    volume_keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()  # names


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
        """Read the outputs and parameters of the stack.

        Return None if the stack does not exist or its creation is in progress.

        Raises:
            TrainingStackFailedError: The stack has no outputs.
        """
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
        """Return the bucket of the run's dataset, else of the stack; None if neither exists."""
        if staged := run.find("stage"):
            return str(staged["bucket"])
        found = self.find()
        return found.bucket if found else None

    def ensure(self) -> TrainingStack:
        """Create the stack unless it exists.

        Raises:
            TrainingStackFailedError: The stack cannot be created.
        """
        if found := self.find():
            return found

        self.console.print(
            f"Creating the stack {self.name}: a bucket for datasets and models, and a role for "
            "SageMaker."
        )
        tags = {"project": self.names.project, "environment": self.names.environment}
        # An interrupted call may have begun the creation.
        with suppress(self.cloudformation.exceptions.AlreadyExistsException):
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

        created = self.find()
        if created is None:
            raise TrainingStackFailedError(
                f"The stack {self.name} was deleted during its creation. Run the command again."
            )
        return created


def _listed(arns: str) -> tuple[str, ...]:
    return tuple(filter(None, arns.split(",")))
