"""GetTemplate shows the URL of a nested template as AWS does."""

from typing import Any

import pytest
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

AWS = "https://s3.us-east-1.amazonaws.com/bucket/prefix/0123abcd.template"


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        (AWS, "http://127.0.0.1:4566/bucket/prefix/0123abcd.template"),
        (AWS, AWS),
        ("http://127.0.0.1:4566/health", "http://127.0.0.1:4566/health"),
    ],
)
def test_nested_template_is_at_the_host_that_sam_delete_reads(
    ministack: Any, expected: str, url: str
) -> None:
    stack = {
        "StackName": "outer",
        "StackStatus": "CREATE_COMPLETE",
        "_template_body": f'{{"TemplateURL": "{url}"}}',
    }
    cloudformation._stacks["outer"] = stack

    try:
        _, _, body = handlers._ACTION_HANDLERS["GetTemplate"](
            {"StackName": "outer", "TemplateStage": "Original"}
        )
    finally:
        del cloudformation._stacks["outer"]

    assert f"{expected}" in body.decode()
