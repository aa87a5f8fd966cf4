"""Keep buckets with objects and protected tables when a stack deletes them.

MiniStack: deletes both.
AWS: refuses both: "All objects (including all object versions and delete markers) in the bucket
must be deleted before the bucket itself can be deleted."
Source: S3 API Reference, DeleteBucket; DynamoDB API Reference, DeleteTable
(DeletionProtectionEnabled).
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from localcloud.ministack.patch import PatchMismatchError

type Properties = Mapping[str, Any]
type Deletion = Callable[[str, Properties], None]


class BucketNotEmptyError(Exception):
    """The bucket you tried to delete is not empty. You must delete all versions in the bucket."""


class TableProtectedError(Exception):
    """The table is protected against its deletion."""


def install() -> None:
    """Check buckets and tables before a stack deletes them.

    Raises:
        PatchMismatchError: this version of MiniStack deletes them elsewhere.
    """
    for resource_type, guard in (("AWS::S3::Bucket", _bucket), ("AWS::DynamoDB::Table", _table)):
        handler = provisioners._RESOURCE_HANDLERS.get(resource_type, {})
        if "delete" not in handler or handler.get("delete_with_logical_id"):
            raise PatchMismatchError(
                provisioners, "_RESOURCE_HANDLERS", f"deletes {resource_type} in another way"
            )
        handler["delete"] = _guarded(handler["delete"], guard)


def _guarded(original: Deletion, guard: Callable[[str], None]) -> Deletion:
    def delete(physical_id: str, properties: Properties) -> None:
        guard(physical_id)
        original(physical_id, properties)

    return delete


def _bucket(name: str) -> None:
    if s3._buckets.get(name, {}).get("objects") or s3._bucket_has_versions(name):
        raise BucketNotEmptyError(f"{name}: {BucketNotEmptyError.__doc__}")


def _table(name: str) -> None:
    if (dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled"):
        raise TableProtectedError(
            f"{name}: Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
