"""The deployed service, as the outputs of its stack name it."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from cli.errors import CommandError

STACK = "scones-unlimited"
UPLOADS = "uploads/"


class StackNotFoundError(CommandError):
    """There is no such stack: deploy it (`sam build && sam deploy`), or name another with --stack or --region."""


class StackOutdatedError(CommandError):
    """The stack was deployed before this command existed: deploy it again (`sam build && sam deploy`)."""


class PrefixNotReadableError(CommandError):
    """The service may read images under uploads/ and under the template parameter BacklogPrefix only."""


class NoBacklogWorkflowError(CommandError):
    """The stack has no backlog workflow, which needs a Standard workflow to wait for: its WorkflowType is EXPRESS."""


@dataclass(frozen=True)
class Service:
    """What the parts of the deployed service are called."""

    image_bucket: str
    workflow_arn: str
    results_table: str
    failure_queue_url: str
    dead_letter_queue_url: str
    backlog_prefix: str
    backlog_workflow_arn: str | None  # none beside an Express workflow

    def image_url(self, key: str) -> str:
        """The URL of an object in the image bucket."""
        return f"s3://{self.image_bucket}/{key}"

    @property
    def readable(self) -> tuple[str, str]:
        """The beginnings of all image URLs that the service may read."""
        return self.image_url(UPLOADS), self.image_url(self.backlog_prefix)

    def require_readable(self, prefix: str) -> str:
        """Return a prefix of keys, once it is sure that the service may read what is under it.

        Raises:
            PrefixNotReadableError: it may not.
        """
        if not prefix.startswith((UPLOADS, self.backlog_prefix)):
            raise PrefixNotReadableError(
                f"{prefix!r} is under neither {UPLOADS} nor {self.backlog_prefix}, which are all that this service "
                "may read. Deploy it with another BacklogPrefix, or copy the images to one of the two."
            )
        return prefix

    def require_backlog_workflow(self) -> str:
        """The ARN of the backlog workflow.

        Raises:
            NoBacklogWorkflowError: the stack has none.
        """
        if self.backlog_workflow_arn is None:
            raise NoBacklogWorkflowError
        return self.backlog_workflow_arn


def find_service(aws: Aws, stack: str) -> Service:
    """Read the outputs of the stack.

    Raises:
        StackNotFoundError: there is no such stack.
        StackOutdatedError: an output is missing.
    """
    try:
        [found] = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":
            raise
        raise StackNotFoundError(f"{stack!r} is not in {aws.region}. {StackNotFoundError.__doc__}") from exc
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    try:
        return Service(
            image_bucket=outputs["ImageBucketName"],
            workflow_arn=outputs["ImageClassificationWorkflowArn"],
            results_table=outputs["ResultsTableName"],
            failure_queue_url=outputs["FailureQueueUrl"],
            dead_letter_queue_url=outputs["FailureDeadLetterQueueUrl"],
            backlog_prefix=outputs["BacklogPrefix"],
            backlog_workflow_arn=outputs.get("BacklogWorkflowArn"),
        )
    except KeyError as exc:
        raise StackOutdatedError(f"{stack!r} has no output {exc}. {StackOutdatedError.__doc__}") from exc
