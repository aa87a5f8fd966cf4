"""Refuse keys of more than 1,024 bytes.

MiniStack: stores objects under such keys.
AWS: answers 400 KeyTooLongError.
Source: S3 User Guide, "Naming Amazon S3 objects"; S3 API Reference, "Error responses".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Rule

KEY_LENGTH = Rule("S3 objects", "a key above 1,024 bytes of UTF-8", "S3", "KeyTooLongError")
RULES = (KEY_LENGTH,)

_MAX_KEY_BYTES = 1024  # S3 user guide, "Naming Amazon S3 objects": in UTF-8


def install() -> None:
    """Check the key of every request."""
    wrap(s3, "_dispatch", "method bucket key headers body query_params", _check)


def _check(original: Callable[..., Any], method: str, bucket: str, key: str, *rest: Any) -> Any:
    size = len(key.encode(errors="surrogateescape"))
    if size > _MAX_KEY_BYTES:
        sizes = {"Size": str(size), "MaxSizeAllowed": str(_MAX_KEY_BYTES)}
        return s3._error(KEY_LENGTH.code, "Your key is too long", KEY_LENGTH.status, extra=sizes)
    return original(method, bucket, key, *rest)
