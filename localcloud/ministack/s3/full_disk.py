"""Store an object on disk or answer an error.

MiniStack: answers 200 on a full disk and logs a warning.
AWS: answers 503 ServiceUnavailable ("Service is unable to handle request."), which clients retry.
Source: S3 API Reference, "Error responses", List of error codes.
Remove this patch when MiniStack does the same.

An operation first writes to temporary files. When all are written, they take their places and the
events are sent. If one write fails, the operation is undone, in memory and on disk.
"""

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.services import s3

from localcloud.ministack.patch import wrap
from localcloud.ministack.s3.stored_key import StoredKey
from localcloud.ministack.swallowed_errors import collect

_logger = logging.getLogger(__name__)
_UNAVAILABLE = 503
_BUCKET_KEY = "bucket_name key "
# The operations that write a file of an object, with their parameters.
_OPERATIONS = {
    "_put_object": _BUCKET_KEY + "body headers",
    "_copy_object": "bucket_name dest_key headers",
    "_post_object": "bucket_name body headers",
    "_delete_object": _BUCKET_KEY + "headers query_params",
    "_delete_objects": "bucket_name body headers",
    "_put_object_tagging": _BUCKET_KEY + "body query_params",
    "_delete_object_tagging": _BUCKET_KEY + "query_params",
    "_put_object_acl": _BUCKET_KEY + "body headers query_params",
    "_put_object_annotation": _BUCKET_KEY + "body headers query_params",
    "_delete_object_annotation": _BUCKET_KEY + "headers query_params",
}
# Operations that change keys beyond their parameters, or free space before they write.
_WITHOUT_KEY = ("_post_object", "_delete_object", "_delete_objects")


@dataclass
class _Change:
    """The changes of one operation so far."""

    staged: dict[str, str] = field(default_factory=dict)  # the temporary file of each place
    before: list[StoredKey] = field(default_factory=list)
    events: list[Callable[[], None]] = field(default_factory=list)

    def note(self, bucket: str, key: str, *given: Any) -> None:
        """Remember the state of a key before the operation first changes it."""
        if not any((stored.bucket, stored.key) == (bucket, key) for stored in self.before):
            self.before.append(StoredKey.of(bucket, key, *given))

    def commit(self) -> None:
        """Put the files in their places, and send the events."""
        for place, aside in self.staged.items():
            Path(aside).replace(place)
        self.staged.clear()
        for fire in self.events:
            fire()

    def roll_back(self) -> None:
        for aside in self.staged.values():
            Path(aside).unlink(missing_ok=True)
        for stored in self.before:
            stored.restore()


_change: ContextVar[_Change | None] = ContextVar("change", default=None)


def install() -> None:
    """Make every operation that writes objects atomic."""
    for name, parameters in _OPERATIONS.items():
        wrap(s3, name, parameters, _without_key if name in _WITHOUT_KEY else _with_key)

    wrap(s3, "_complete_multipart_upload", _BUCKET_KEY + "body query_params headers", _complete)
    wrap(s3, "_record_object_version", "bucket_name key prior_obj obj data", _noted)
    wrap(s3, "_record_delete_marker", "bucket_name key prior_obj", _noted)
    wrap(s3, "_atomic_write", "fpath data text", _write)
    wrap(
        s3,
        "_fire_s3_event_async",
        "bucket_name key event_name size etag deletion_type version_id object_extra record_extra",
        _fire,
    )


def _with_key(original: Callable[..., Any], bucket: str, key: str, *request: Any) -> Any:
    if bucket not in s3._buckets:
        return original(bucket, key, *request)
    return _carry_out(lambda: original(bucket, key, *request), bucket, key)


def _complete(
    original: Callable[..., Any],
    bucket: str,
    key: str,
    body: bytes,
    query: Mapping[str, Any],
    headers: Any = None,
) -> Any:
    upload_id = s3._qp(query, "uploadId")
    upload = s3._multipart_uploads.get(upload_id)
    answer = _with_key(original, bucket, key, body, query, headers)
    if answer[0] == _UNAVAILABLE and upload is not None:  # the upload can be completed later
        s3._multipart_uploads[upload_id] = upload
        s3._completed_multipart_uploads.pop(upload_id, None)
    return answer


def _without_key(original: Callable[..., Any], bucket: str, *request: Any) -> Any:
    return _carry_out(lambda: original(bucket, *request), bucket)


def _carry_out(operation: Callable[[], Any], bucket: str, key: str | None = None) -> Any:
    change = _Change()
    if key is not None:
        change.note(bucket, key)

    token = _change.set(change)
    try:
        with collect(s3.logger) as swallowed:
            answer = operation()
        failures = [error for error in swallowed if isinstance(error, OSError)]
        if failures:
            raise failures[0]
        change.commit()
        return answer
    except OSError as exc:
        _logger.error("%s/%s cannot be stored: %s", bucket, key or "", exc)
        change.roll_back()
        return s3._error(
            "ServiceUnavailable",
            f"Service is unable to handle request. ({exc.strerror})",
            _UNAVAILABLE,
        )
    finally:
        _change.reset(token)


def _noted(original: Callable[..., Any], bucket: str, key: str, prior: Any, *rest: Any) -> Any:
    if change := _change.get():
        change.note(bucket, key, prior)
    return original(bucket, key, prior, *rest)


def _write(
    original: Callable[..., None], place: str, data: bytes | str, *, text: bool = False
) -> None:
    change = _change.get()
    if change is None:
        original(place, data, text=text)
        return

    aside = f"{place}.aside.tmp"  # MiniStack ignores files with this ending
    change.staged[place] = aside
    original(aside, data, text=text)


def _fire(original: Callable[..., None], *event: Any, **details: Any) -> None:
    if change := _change.get():
        change.events.append(lambda: original(*event, **details))
    else:
        original(*event, **details)
