"""Ask IAM whether a caller may make a request."""

from typing import Protocol

from localcloud.api.protocol import Request


class Authorizer(Protocol):
    """Know the callers and their policies."""

    def authorize(self, request: Request, action: str, resource_arn: str) -> None:
        """Return if the caller may perform the action, such as `sagemaker:CreateModel`.

        Args:
            request: the signed request.
            action: the IAM action.
            resource_arn: the resource.

        Raises:
            AccessDeniedError: with AWS's message; also for a missing or invalid signature.
        """
