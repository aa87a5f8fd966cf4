"""The question that every service of ours asks IAM: may this caller do this?"""

from typing import Protocol

from localcloud.api.protocol import Request


class Authorizer(Protocol):
    """Knows callers and their policies."""

    def authorize(self, request: Request, action: str, resource_arn: str) -> None:
        """Return if the caller may perform the action, such as `sagemaker:CreateModel`, on the resource.

        Raises:
            AccessDeniedError: in AWS's words; also when the request is not signed, or not as it should be.
        """
