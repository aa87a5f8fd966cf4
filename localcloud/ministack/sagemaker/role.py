"""Check execution roles against MiniStack's IAM."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ministack.core.responses import request_scope
from ministack.services import kms

from localcloud.ministack.iam.service_role import RoleDeniedError, RoleNotAssumedError, ServiceRole
from localcloud.sagemaker.execution_role import RoleRefusedError


@dataclass(frozen=True)
class MiniStackRole:
    """A role that SageMaker has assumed on behalf of the resource with this ARN."""

    role_arn: str
    source_arn: str

    def assume(self) -> None:
        """Check the trust policy.

        Raises:
            RoleRefusedError: with AWS's message.
        """
        with self._scope:
            try:
                self._role.assume()
            except RoleNotAssumedError as exc:
                raise RoleRefusedError(
                    f"Could not assume role {self.role_arn}. Please ensure that the role exists "
                    "and allows principal 'sagemaker.amazonaws.com' to assume the role."
                ) from exc

    def require(self, action: str, resource_arn: str) -> None:
        """Check the policies for an action.

        Raises:
            RoleRefusedError: with AWS's message.
        """
        with self._scope:
            try:
                self._role.require(action.partition(":")[0], action, resource_arn)
            except RoleDeniedError as exc:
                raise RoleRefusedError(str(exc)) from exc

    def use_key(self, action: str, key: str, conditions: Mapping[str, str]) -> None:
        """Check the policies for an action on a key.

        Raises:
            RoleRefusedError: with AWS's message.
        """
        with self._scope:
            found = kms._resolve_key(key)
            if found is None:
                raise RoleRefusedError(f"Key '{key}' does not exist")
            try:
                self._role.require("kms", action, found["Arn"], conditions)
            except RoleDeniedError as exc:
                raise RoleRefusedError(str(exc)) from exc

    @property
    def _role(self) -> ServiceRole:
        return ServiceRole(self.role_arn, "sagemaker.amazonaws.com", self.source_arn, "SageMaker")

    @property
    def _scope(self) -> AbstractContextManager[None]:
        _, _, _, region, account, _ = self.source_arn.split(":", 5)
        scope: AbstractContextManager[None] = request_scope(account, region)
        return scope
