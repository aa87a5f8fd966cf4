"""Remember and restore what MiniStack's S3 has in memory under one key."""

import copy
from dataclasses import dataclass
from typing import Any, Self

from ministack.services import s3

# By bucket, key and version: tags, ACLs, annotations, retention and legal holds.
_BY_VERSION = (
    s3._object_tags,
    s3._object_acl,
    s3._object_annotations,
    s3._object_retention,
    s3._object_legal_hold,
)
_UNVERSIONED = (None, "null")


@dataclass(frozen=True)
class StoredKey:
    """The current object, all versions, and the attributes of each."""

    bucket: str
    key: str
    current: dict[str, Any] | None
    versions: list[dict[str, Any]] | None
    attributes: dict[tuple[int, str | None], Any]

    @classmethod
    def of(cls, bucket: str, key: str, *current: dict[str, Any] | None) -> Self:
        """Return the state of a key in an existing bucket.

        Args:
            bucket: the bucket's name.
            key: the object's key.
            current: the previous object, if another object has already replaced it.
        """
        objects = s3._buckets[bucket]["objects"]
        found = current[0] if current else objects.get(key)
        versions = s3._object_versions.get((bucket, key))
        identities = _identities(found, versions)

        return cls(
            bucket,
            key,
            None if found is None else dict(found),
            None if versions is None else [dict(version) for version in versions],
            {
                (number, version): copy.deepcopy(store[bucket, key, version])
                for number, store in enumerate(_BY_VERSION)
                for version in identities
                if (bucket, key, version) in store
            },
        )

    def restore(self) -> None:
        """Restore the key, and remove all additions."""
        objects = s3._buckets[self.bucket]["objects"]
        versions = s3._object_versions.get((self.bucket, self.key))

        for version in _identities(objects.get(self.key), versions):
            for store in _BY_VERSION:
                store.pop((self.bucket, self.key, version), None)

        for (number, version), value in self.attributes.items():
            _BY_VERSION[number][self.bucket, self.key, version] = value

        _put(objects, self.key, self.current)
        _put(s3._object_versions, (self.bucket, self.key), self.versions)


def _identities(
    current: dict[str, Any] | None, versions: list[dict[str, Any]] | None
) -> set[str | None]:
    found: set[str | None] = {version["version_id"] for version in versions or []}
    return found | {(current or {}).get("version_id"), *_UNVERSIONED}


def _put(store: Any, key: Any, value: Any) -> None:
    if value is None:
        store.pop(key, None)
    else:
        store[key] = value
