"""Owners: the stack that a bucket or a workflow belongs to, by CloudFormation's tag."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.service.context import Context
from operations.service.owners import (
    ImageOfAnotherStackError,
    own_image_url,
    stack_of_workflow,
)
from tests.unit.conforming import conforming
from tests.unit.operations.in_memory import WORKFLOW, Account

TAG = "aws:cloudformation:stack-name"


class TaggedBucket:
    """S3 with one bucket of another stack, whose tags may be forbidden."""

    def __init__(self, *, readable: bool = True) -> None:
        self.readable = readable

    def get_bucket_tagging(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        if not self.readable:
            error: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(error, "GetBucketTagging")
        assert "others" == Bucket
        return {"TagSet": [{"Key": TAG, "Value": "scones-unlimited-prod"}]}


def context(account: Account, s3: Any) -> Context:
    aws: Any = SimpleNamespace(s3=conforming(s3, "s3"))
    other = Context(aws, account.context.stack, account.context.console)
    vars(other)["service"] = account.context.service
    return other


def test_image_of_another_stack_names_that_stack(account: Account) -> None:
    with pytest.raises(ImageOfAnotherStackError, match="Use --stack scones-unlimited-prod"):
        own_image_url(context(account, TaggedBucket()), "s3://others/uploads/a.png")


def test_bucket_whose_tags_are_forbidden_has_no_known_stack(account: Account) -> None:
    with pytest.raises(ImageOfAnotherStackError, match="No stack is known for the bucket others"):
        own_image_url(context(account, TaggedBucket(readable=False)), "s3://others/uploads/a.png")


def test_image_of_the_stack_needs_no_tags(account: Account) -> None:
    url = "s3://images/uploads/a.png"
    assert url == own_image_url(context(account, None), url)


@pytest.mark.parametrize("key", ["uploads/my truck.jpg", "archive/2025/a.png"])
def test_key_that_the_service_may_read_is_an_image_of_the_stack(account: Account, key: str) -> None:
    assert f"s3://images/{key}" == own_image_url(context(account, None), key)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [([{"key": TAG, "value": "mine"}], "mine"), ([{"key": "project", "value": "x"}], None)],
)
def test_workflow_belongs_to_the_stack_of_its_tag(
    tags: list[dict[str, str]], expected: str | None
) -> None:
    class TaggedWorkflow:
        def list_tags_for_resource(self, *, resourceArn: str) -> dict[str, Any]:  # noqa: N803
            assert WORKFLOW == resourceArn
            return {"tags": tags}

    aws: Any = SimpleNamespace(stepfunctions=conforming(TaggedWorkflow(), "stepfunctions"))
    assert expected == stack_of_workflow(aws, WORKFLOW)
