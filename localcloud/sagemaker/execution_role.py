"""Act in the execution role of a job or of an endpoint."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from localcloud.sagemaker.object_store import ObjectStore, ObjectUnavailableError, bucket_and_key


class RoleRefusedError(Exception):
    """SageMaker may not assume the execution role, or the role does not allow a request."""


class ExecutionRole(Protocol):
    """A role that SageMaker acts in."""

    def assume(self) -> None:
        """Ask the role's trust policy.

        Raises:
            RoleRefusedError: the role is missing, or does not trust sagemaker.amazonaws.com.
        """

    def require(self, action: str, resource_arn: str) -> None:
        """Ask the role's policies for an action, such as `s3:GetObject`.

        Raises:
            RoleRefusedError: the role does not allow it; the message is AWS's.
        """

    def use_key(self, action: str, key: str, conditions: Mapping[str, str]) -> None:
        """Ask the role's policies for an action on a KMS key, such as `kms:Decrypt`.

        Args:
            action: The IAM action.
            key: The key's ID, ARN or alias.
            conditions: KMS's condition keys in lower case, with their values.

        Raises:
            RoleRefusedError: the role does not allow it, or the key is missing; the message is
                AWS's.
        """


# Takes the ARN of the role, and the ARN of the resource for which SageMaker assumes it.
type RoleFactory = Callable[[str, str], ExecutionRole]


@dataclass(frozen=True)
class RoleObjectStore:
    """The objects of a region, as far as an execution role may use them and their keys."""

    objects: ObjectStore
    role: ExecutionRole
    region: str

    def read(self, url: str) -> bytes:
        """Return an object.

        Raises:
            ObjectUnavailableError: also if the role may not read or decrypt it.
        """
        self._require_readable(url)
        return self.objects.read(url)

    def link(self, url: str, path: Path) -> None:
        """Make an object a file that is only read.

        Raises:
            OSError: the file cannot be created.
            ObjectUnavailableError: also if the role may not read or decrypt the object.
        """
        self._require_readable(url)
        self.objects.link(url, path)

    def list(self, prefix: str) -> list[str]:
        """Return the URLs that begin with this one.

        Raises:
            ObjectUnavailableError: also if the role may not list the bucket.
        """
        with _unavailable():
            self.role.require("s3:ListBucket", f"arn:aws:s3:::{bucket_and_key(prefix)[0]}")
        return self.objects.list(prefix)

    def write(self, url: str, content: bytes, key: str | None = None) -> None:
        """Create or replace an object, encrypted with a KMS key if one is given.

        Raises:
            ObjectUnavailableError: also if the role may not write or encrypt it.
        """
        with _unavailable():
            require_writable(self.role, url, key, self.region)
        self.objects.write(url, content, key)

    def key_of(self, url: str) -> str | None:
        """Return the KMS key of an object.

        Raises:
            ObjectUnavailableError: the bucket is missing.
        """
        return self.objects.key_of(url)

    def _require_readable(self, url: str) -> None:
        with _unavailable():
            self.role.require("s3:GetObject", object_arn(url))
            if key := self.objects.key_of(url):
                self.role.use_key("kms:Decrypt", key, _of_object(url, self.region))


def require_writable(role: ExecutionRole, url: str, key: str | None, region: str) -> None:
    """Ask a role whether it may write an object, and use the KMS key that encrypts it.

    Raises:
        RoleRefusedError: the role may not.
    """
    role.require("s3:PutObject", object_arn(url))
    if key:
        # S3 needs the first permission, SageMaker's API reference (OutputDataConfig) names
        # the second.
        role.use_key("kms:GenerateDataKey", key, _of_object(url, region))
        role.use_key("kms:Encrypt", key, {})


def lend_volume_key(role: ExecutionRole, key: str) -> None:
    """Lend a KMS key to the volumes of instances, in the role.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html

    Raises:
        RoleRefusedError: the role may not.
    """
    role.use_key("kms:CreateGrant", key, {"kms:grantisforawsresource": "true"})


@contextmanager
def _unavailable() -> Iterator[None]:
    """Raise ObjectUnavailableError for a request that the role does not allow."""
    try:
        yield
    except RoleRefusedError as exc:
        raise ObjectUnavailableError(str(exc)) from exc


def _of_object(url: str, region: str) -> dict[str, str]:
    """Return KMS's condition keys for S3's use of a key for an object."""
    service = f"s3.{region}.amazonaws.com"
    return {"kms:viaservice": service, "kms:encryptioncontext:aws:s3:arn": object_arn(url)}


def object_arn(url: str) -> str:
    """Return the ARN of an object.

    Raises:
        ObjectUnavailableError: the URL is invalid.
    """
    return "arn:aws:s3:::{}/{}".format(*bucket_and_key(url))
