"""Read the names of the deployed service from the outputs of its stack."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "scones-unlimited"
UPLOADS = "uploads/"
# Fields of `Service`, and the outputs of template.yaml that they are read from.
OUTPUTS = {
    "image_bucket": "ImageBucketName",
    "workflow_arn": "ImageClassificationWorkflowArn",
    "results_table": "ResultsTableName",
    "failure_queue_url": "FailureQueueUrl",
    "dead_letter_queue_url": "FailureDeadLetterQueueUrl",
    "backlog_prefix": "BacklogPrefix",
}
BACKLOG_WORKFLOW = "BacklogWorkflowArn"  # an output that is missing beside an Express workflow
# Outputs that older stacks do not have.
REVIEWS_TABLE = "ReviewsTableName"
ENDPOINT = "EndpointName"


class StackNotFoundError(CommandError):
    """Deploy it (`sam build && sam deploy`), or give another --environment, --stack or --region."""


class StackOutdatedError(CommandError):
    """The stack is older than this command: deploy it again (`sam build && sam deploy`)."""


class PrefixNotReadableError(CommandError):
    """The service may not read images under this prefix."""


class NoBacklogWorkflowError(CommandError):
    """A stack with WorkflowType EXPRESS has no backlog workflow. Deploy it with STANDARD."""


@dataclass(frozen=True)
class Service:
    """Hold the names of the parts of the deployed service."""

    image_bucket: str
    workflow_arn: str
    results_table: str
    failure_queue_url: str
    dead_letter_queue_url: str
    backlog_prefix: str
    backlog_workflow_arn: str | None  # None beside an Express workflow
    reviews_table: str | None = None  # None in a stack from before the review page
    endpoint: str | None = None  # the endpoint that classifies

    def image_url(self, key: str) -> str:
        """Return the URL of an object in the image bucket."""
        return f"s3://{self.image_bucket}/{key}"

    def require_reviews(self) -> str:
        """Return the name of the reviews table.

        Raises:
            StackOutdatedError: the stack has none.
        """
        if self.reviews_table is None:
            raise StackOutdatedError(
                f"The stack has no reviews table. {StackOutdatedError.__doc__}"
            )
        return self.reviews_table

    @property
    def readable(self) -> tuple[str, str]:
        """Return the two prefixes of all image URLs that the service may read."""
        return self.image_url(UPLOADS), self.image_url(self.backlog_prefix)

    def require_readable(self, prefix: str) -> str:
        """Return a prefix of keys that the service may read.

        Raises:
            PrefixNotReadableError: the service may not read the prefix.
        """
        if not prefix.startswith((UPLOADS, self.backlog_prefix)):
            raise PrefixNotReadableError(
                f"{prefix!r} is under neither {UPLOADS} nor {self.backlog_prefix}. The service may "
                "read only these. Deploy it with another BacklogPrefix, or copy the images there."
            )
        return prefix

    def require_backlog_workflow(self) -> str:
        """Return the ARN of the backlog workflow.

        Raises:
            NoBacklogWorkflowError: the stack has no backlog workflow.
        """
        if self.backlog_workflow_arn is None:
            raise NoBacklogWorkflowError
        return self.backlog_workflow_arn


def find_service(cloudformation: "CloudFormationClient", stack: str = STACK) -> Service:
    """Read the outputs of the stack.

    Raises:
        StackNotFoundError: the stack does not exist, or has none of the service's outputs.
        StackOutdatedError: an output is missing.
    """
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":
            raise
        region = cloudformation.meta.region_name
        raise StackNotFoundError(
            f"{stack!r} is not in {region}. {StackNotFoundError.__doc__}"
        ) from exc
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    try:
        named = {field: outputs[name] for field, name in OUTPUTS.items()}
    except KeyError as exc:
        if not outputs.keys() & {*OUTPUTS.values()}:
            raise StackNotFoundError(
                f"The stack {stack!r} has none of the service's outputs; it is "
                f"{found['StackStatus']}. Wait for its deployment, or name another with --stack."
            ) from exc
        raise StackOutdatedError(
            f"{stack!r} has no output {exc}. {StackOutdatedError.__doc__}"
        ) from exc
    return Service(
        **named,
        backlog_workflow_arn=outputs.get(BACKLOG_WORKFLOW),
        reviews_table=outputs.get(REVIEWS_TABLE),
        endpoint=outputs.get(ENDPOINT),
    )


def service_stacks(cloudformation: "CloudFormationClient") -> list[str]:
    """Return the names of the stacks of this service in the region, recognized by their outputs."""
    found = []
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            names = {output["OutputKey"] for output in stack.get("Outputs", [])}
            if names >= {*OUTPUTS.values()}:
                found.append(stack["StackName"])
    return sorted(found)
