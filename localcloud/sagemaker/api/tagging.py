"""Tag resources that have an ARN."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.sagemaker.api.store import Record, RecordStore


class Tagging:
    """The operations on tags in one region; keys are their names."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self.operations: dict[str, Callable[[Record], Mapping[str, Any]]] = {
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }

    def _add_tags(self, request: Record) -> Record:
        kind, record = self._store.by_arn(request["ResourceArn"])
        tags = {tag["Key"]: tag for tag in [*record.get("Tags", []), *request["Tags"]]}
        self._store.save(kind, record | {"Tags": list(tags.values())})
        return {"Tags": list(tags.values())}

    def _list_tags(self, request: Record) -> Record:
        return {"Tags": self._store.by_arn(request["ResourceArn"])[1].get("Tags", [])}

    def _delete_tags(self, request: Record) -> Record:
        kind, record = self._store.by_arn(request["ResourceArn"])
        kept = [tag for tag in record.get("Tags", []) if tag["Key"] not in request["TagKeys"]]
        self._store.save(kind, record | {"Tags": kept})
        return {}
