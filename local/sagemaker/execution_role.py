"""The role that SageMaker works as: what it may do on behalf of a job, or of an endpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.sagemaker.object_store import ObjectStore, ObjectUnavailableError, bucket_and_key


class RoleRefusedError(Exception):
    """SageMaker may not assume the execution role, or the role does not allow what was tried."""


class ExecutionRole(Protocol):
    """A role in SageMaker's hands."""

    def assume(self) -> None:
        """Ask the role's trust policy.

        Raises:
            RoleRefusedError: there is no such role, or it does not let sagemaker.amazonaws.com in.
        """

    def require(self, action: str, resource_arn: str) -> None:
        """Ask the role's policies for an action, such as `s3:GetObject`.

        Raises:
            RoleRefusedError: in AWS's words.
        """


# Takes the ARN of the role and that of the resource on whose behalf SageMaker assumes it.
type RoleFactory = Callable[[str, str], ExecutionRole]


@dataclass(frozen=True)
class RoleObjectStore:
    """The objects that an execution role may use."""

    objects: ObjectStore
    role: ExecutionRole

    def read(self, url: str) -> bytes:
        """Return an object. Raises ObjectUnavailableError, also when the role may not read it."""
        self._require("s3:GetObject", _object_arn(url))
        return self.objects.read(url)

    def link(self, url: str, path: Path) -> None:
        """Make an object a file, only to be read. Raises OSError, ObjectUnavailableError as for `read`."""
        self._require("s3:GetObject", _object_arn(url))
        self.objects.link(url, path)

    def list(self, prefix: str) -> list[str]:
        """Return the URLs that begin with this one. Raises ObjectUnavailableError, also when the role may not list."""
        self._require("s3:ListBucket", f"arn:aws:s3:::{bucket_and_key(prefix)[0]}")
        return self.objects.list(prefix)

    def write(self, url: str, content: bytes) -> None:
        """Create or replace an object. Raises ObjectUnavailableError, also when the role may not write it."""
        self._require("s3:PutObject", _object_arn(url))
        self.objects.write(url, content)

    def _require(self, action: str, resource_arn: str) -> None:
        try:
            self.role.require(action, resource_arn)
        except RoleRefusedError as exc:
            raise ObjectUnavailableError(str(exc)) from exc


def _object_arn(url: str) -> str:
    return "arn:aws:s3:::{}/{}".format(*bucket_and_key(url))
