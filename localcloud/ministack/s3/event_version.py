"""Name the version of an object in the event that S3 sends to EventBridge.

MiniStack: leaves the version out.
AWS: names the version as `version-id` of the object in versioned buckets.
Source: S3 User Guide, "EventBridge event message structure".
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

from localcloud.ministack.patch import wrap

# MiniStack knows the version when it announces an object. It builds the event in a later call of
# the same thread.
_version_id: ContextVar[str | None] = ContextVar("version_id", default=None)


def install() -> None:
    """Carry the version id from the announcement to the event."""
    wrap(
        s3,
        "_fire_s3_event",
        "bucket_name key event_name size etag deletion_type restore_event_data version_id sequencer"
        " object_extra record_extra",
        _announce,
    )
    wrap(eventbridge, "_dispatch_event", "event view", _dispatch)


def _announce(
    original: Callable[..., None], *arguments: Any, version_id: str | None = None, **others: Any
) -> None:
    token = _version_id.set(version_id)
    try:
        original(*arguments, version_id=version_id, **others)
    finally:
        _version_id.reset(token)


def _dispatch(original: Callable[..., Any], event: dict[str, Any], view: Any = None) -> Any:
    version_id = _version_id.get()
    if event["Source"] == "aws.s3" and version_id:
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version_id
        event = {**event, "Detail": json.dumps(detail)}
    return original(event, view)
