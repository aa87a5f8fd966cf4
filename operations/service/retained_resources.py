"""The resources that a deleted stack has retained: size, cost and deletion."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, ClassVar, Self

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from cli.errors import CommandError
from cli.prices import HOURS_PER_MONTH, Prices

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_GONE = {"404", "NoSuchBucket", "ResourceNotFoundException", "NotFoundException"}
_AT_ONCE = 1000  # versions that one call deletes
_KEY_WINDOW = 7  # days in which a key can still be saved; the fewest that KMS allows


class NotDeletedError(CommandError):
    """S3 did not delete some of the versions. Run the command again."""


@dataclass(frozen=True)
class RetainedResource(ABC):
    """A resource that a deleted stack has retained and that still exists."""

    kind: ClassVar[str]
    name: str
    count: int  # objects to delete, for a progress bar
    size: str  # for people
    dollars_a_month: float

    @classmethod
    @abstractmethod
    def describe(cls, aws: Aws, name: str, prices: Prices) -> Self | None:
        """Return the resource with its size; None if it is being deleted.

        Raises:
            ClientError: the resource does not exist.
        """

    @abstractmethod
    def delete(self, aws: Aws) -> Iterator[int]:
        """Delete the resource and its content; yield numbers of deleted objects."""


class Bucket(RetainedResource):
    """A bucket with its images."""

    kind = "image bucket"

    @classmethod
    def describe(cls, aws: Aws, name: str, prices: Prices) -> Self:
        """Count every version in the bucket."""
        count = size = 0
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=name):
            versions = page.get("Versions", [])
            count += len(versions)
            size += sum(version["Size"] for version in versions)

        return cls(
            name,
            count,
            f"{count:,} objects of {size:,} bytes",
            prices.storage(size) * HOURS_PER_MONTH,
        )

    def delete(self, aws: Aws) -> Iterator[int]:
        """Delete all versions and delete markers, then the bucket.

        Raises:
            NotDeletedError: S3 did not delete some versions.
        """
        for batch in batched(self._objects(aws), _AT_ONCE, strict=False):
            answer = aws.s3.delete_objects(
                Bucket=self.name, Delete={"Objects": list(batch), "Quiet": True}
            )
            if errors := answer.get("Errors"):
                raise NotDeletedError(
                    f"{errors[0].get('Key')}: {errors[0].get('Message')} {NotDeletedError.__doc__}"
                )
            yield len(batch)

        aws.s3.delete_bucket(Bucket=self.name)

    def _objects(self, aws: Aws) -> "Iterator[ObjectIdentifierTypeDef]":
        for page in aws.s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
            for found in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield {"Key": found["Key"], "VersionId": found["VersionId"]}


class Table(RetainedResource):
    """A table with its items, and with point-in-time recovery."""

    kind = "table"

    @classmethod
    def describe(cls, aws: Aws, name: str, prices: Prices) -> Self | None:
        """Ask for the table's size, which DynamoDB updates every six hours."""
        table = aws.dynamodb.describe_table(TableName=name)["Table"]
        size = table.get("TableSizeBytes", 0)
        dollars = size / 1024**3 * (prices.table_gb_month + prices.table_backup_gb_month)
        described = f"about {table.get('ItemCount', 0):,} items of {size:,} bytes"
        return None if table["TableStatus"] == "DELETING" else cls(name, 1, described, dollars)

    def delete(self, aws: Aws) -> Iterator[int]:
        """Delete the table; DynamoDB keeps a free backup for 35 days."""
        aws.dynamodb.delete_table(TableName=self.name)
        yield 1


class Key(RetainedResource):
    """The KMS key that encrypts bucket and table."""

    kind = "encryption key"

    @classmethod
    def describe(cls, aws: Aws, name: str, prices: Prices) -> Self | None:
        """Ask whether the key is scheduled for deletion."""
        state = aws.kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"]
        return None if state == "PendingDeletion" else cls(name, 1, "one", prices.key_month)

    def delete(self, aws: Aws) -> Iterator[int]:
        """Schedule the deletion in seven days; the key is free from now on."""
        aws.kms.schedule_key_deletion(KeyId=self.name, PendingWindowInDays=_KEY_WINDOW)
        yield 1


# In the order of deletion: without the key, bucket and table would be unreadable.
KINDS: Mapping[str, type[RetainedResource]] = {
    "AWS::S3::Bucket": Bucket,
    "AWS::DynamoDB::Table": Table,
    "AWS::KMS::Key": Key,
}


def find(
    aws: Aws, retained: Iterable[tuple[str, str]], prices: Prices
) -> Iterator[RetainedResource]:
    """Yield the retained resources that still exist, in the order of `KINDS`.

    Args:
        aws: the account.
        retained: type in CloudFormation and name of each resource that the deletion skipped.
        prices: list prices, for the cost of each.
    """
    names = set(retained)
    for resource_type, kind in KINDS.items():
        for name in sorted(name for retained_type, name in names if retained_type == resource_type):
            try:
                found = kind.describe(aws, name, prices)
            except ClientError as exc:
                if code_of(exc) not in _GONE:
                    raise
                found = None
            if found:
                yield found
