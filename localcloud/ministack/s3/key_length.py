"""Refuse keys of more than 1,024 bytes.

MiniStack: stores them.
AWS: answers 400 KeyTooLongError.
Source: S3 User Guide, "Naming Amazon S3 objects"; S3 API Reference, "Error responses".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from localcloud.ministack.patch import wrap

_MAX_KEY_BYTES = 1024  # S3 user guide, "Naming Amazon S3 objects": in UTF-8


def install() -> None:
    """Look at the key of every request."""
    wrap(s3, "_dispatch", "method bucket key headers body query_params", _check)


def _check(original: Callable[..., Any], method: str, bucket: str, key: str, *rest: Any) -> Any:
    size = len(key.encode(errors="surrogateescape"))
    if size > _MAX_KEY_BYTES:
        sizes = {"Size": str(size), "MaxSizeAllowed": str(_MAX_KEY_BYTES)}
        return s3._error("KeyTooLongError", "Your key is too long", 400, extra=sizes)
    return original(method, bucket, key, *rest)
