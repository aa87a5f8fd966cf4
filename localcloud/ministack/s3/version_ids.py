"""Refuse version ids that S3 cannot have issued.

MiniStack: answers 404 to every unknown id.
AWS: answers 400 InvalidArgument ("Invalid version id specified") to a malformed id.
Source: S3 API Reference, "Error responses", List of error codes.
Remove this patch when MiniStack does the same.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import s3

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Rule

MALFORMED = Rule("S3 objects", "a malformed version id, also by HEAD", "S3", "InvalidArgument")
RULES = (MALFORMED,)

# Version ids are opaque. MiniStack issues UUIDs, and S3 issues ids of 32 characters. "null" names
# the version of an object that was stored before the bucket had versions.
_ISSUED = re.compile(r"null|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9._-]{32}")


def install() -> None:
    """Check the version id of GetObject and HeadObject before the lookup."""
    for operation in ("_get_object", "_head_object"):
        wrap(s3, operation, "bucket_name key headers query_params", _checked)


def _checked(
    original: Callable[..., Any],
    bucket_name: str,
    key: str,
    headers: Mapping[str, str] | None = None,
    query_params: Mapping[str, Any] | None = None,
) -> Any:
    version_id = s3._qp(query_params or {}, "versionId", "")
    if version_id and not _ISSUED.fullmatch(version_id) and s3._ensure_bucket(bucket_name):
        argument = {"ArgumentName": "versionId", "ArgumentValue": version_id}
        return s3._error(
            MALFORMED.code, "Invalid version id specified", MALFORMED.status, extra=argument
        )
    return original(bucket_name, key, headers, query_params)
