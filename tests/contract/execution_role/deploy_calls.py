"""The calls of `sam deploy` in the role of GitHub's jobs."""

from tests.contract.execution_role.requests import TRANSFORM
from tests.contract.execution_role.stack import ARTIFACTS, EXECUTION_ROLE, PLACE
from tests.workflow.least_privilege.policies import Call

SERVICE = "scones-unlimited"
ROLE = "DeployRole"
AS_EXECUTION_ROLE = frozenset({("cloudformation:rolearn", EXECUTION_ROLE)})
TO_CLOUDFORMATION = frozenset({("iam:passedtoservice", "cloudformation.amazonaws.com")})


def stack(name: str) -> str:
    """Return the ARN of a stack."""
    return PLACE.arn("AWS::CloudFormation::Stack", f"{name}/00000000-0000-0000-0000-000000000000")


CHANGES = [
    "DescribeChangeSet",
    "DescribeStackEvents",
    "DescribeStacks",
    "ExecuteChangeSet",
    "GetTemplateSummary",
]
CALLS = [
    Call(ROLE, "cloudformation:CreateChangeSet", stack(SERVICE), AS_EXECUTION_ROLE),
    Call(ROLE, "cloudformation:CreateChangeSet", TRANSFORM),
    *(Call(ROLE, f"cloudformation:{action}", stack(SERVICE)) for action in CHANGES),
    Call(ROLE, "iam:PassRole", EXECUTION_ROLE, TO_CLOUDFORMATION),
    *(
        Call(ROLE, f"s3:{action}", ARTIFACTS.format(SERVICE))
        for action in ("GetObject", "PutObject")
    ),
]
