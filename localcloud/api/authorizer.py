"""Ask IAM whether a caller may make a request."""

from collections.abc import Mapping
from typing import Protocol

from localcloud.api.protocol import Request


class Authorizer(Protocol):
    """Know the callers and their policies."""

    def authorize(
        self,
        request: Request,
        action: str,
        resource_arn: str,
        conditions: Mapping[str, str] | None = None,
    ) -> None:
        """Return if the caller may perform an action on a resource.

        Args:
            request: the caller's signed request.
            action: the IAM action, as `sagemaker:CreateModel`.
            resource_arn: the ARN of the resource, or "*".
            conditions: the condition keys of the action with their values.

        Raises:
            AccessDeniedError: with AWS's message; also when the signature is missing or wrong.
        """
