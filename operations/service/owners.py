"""Which stack a bucket or a workflow belongs to: CloudFormation tags both with its name."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import CommandError
from cli.s3_url import split_s3_url
from cli.service import UPLOADS

if TYPE_CHECKING:
    from cli.aws import Aws
    from operations.service.context import Context

# CloudFormation user guide, "Resource tag": added to all resources that support tags.
_STACK = "aws:cloudformation:stack-name"


class ImageOfAnotherStackError(CommandError):
    """The image is not in the service's bucket."""


def stack_of_bucket(aws: "Aws", bucket: str) -> str | None:
    """Return the stack that made a bucket; None without such a tag, or the right to read tags."""
    try:
        tags = aws.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError:
        return None
    return next((tag["Value"] for tag in tags if tag["Key"] == _STACK), None)


def stack_of_workflow(aws: "Aws", arn: str) -> str | None:
    """Return the stack that made a workflow; None without such a tag, or the right to read tags."""
    try:
        tags = aws.stepfunctions.list_tags_for_resource(resourceArn=arn)["tags"]
    except ClientError:
        return None
    return next((tag["value"] for tag in tags if tag["key"] == _STACK), None)


def own_image_url(context: "Context", image: str) -> str:
    """Return the URL of an image of the chosen stack, from its URL or from its key.

    Raises:
        InvalidS3UrlError: the text is neither an S3 URL nor a key that the service may read.
        ImageOfAnotherStackError: it names another bucket; the message names that bucket's stack.
    """
    if image.startswith((UPLOADS, context.service.backlog_prefix)):
        return context.service.image_url(image)

    bucket, _ = split_s3_url(image)
    own = context.service.image_bucket
    if bucket == own:
        return image

    owner = stack_of_bucket(context.aws, bucket)
    advice = (
        f"The bucket {bucket} belongs to the stack {owner}. Use --stack {owner}."
        if owner
        else f"No stack is known for the bucket {bucket}. Images of this stack are in s3://{own}/."
    )
    raise ImageOfAnotherStackError(
        f"{image!r} is not an image of the stack {context.stack}. {advice}"
    )
