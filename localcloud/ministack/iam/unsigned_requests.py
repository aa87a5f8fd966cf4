"""Treat a request without a signature as anonymous.

MiniStack: treats several unsigned requests as requests of the root: with an Authorization header of
another scheme, or a query that names a key and has no signature. Its S3 checks bucket policies for
anonymous callers, but neither the bucket list nor the creation of buckets nor S3 Control.
AWS: lets anonymous callers use resources that a bucket's policy makes public, and nothing else:
"Anonymous requests are never allowed to create buckets."
Source: S3 API Reference, CreateBucket; S3 User Guide, "Authenticating Requests".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import ministack.app
from ministack.core import iam_evaluator

from localcloud.ministack.patch import wrap

_SIGNING_SCHEMES = ("AWS4-", "AWS ")
# A bucket policy can make buckets and objects public, which have ARNs with this prefix.
_BUCKET_OR_OBJECT = "arn:aws:s3:::"
_NEVER_PUBLIC = frozenset({"s3:CreateBucket", "s3:ListAllMyBuckets"})
_unsigned: ContextVar[bool] = ContextVar("unsigned", default=False)


def install() -> None:
    """Remember whether a request is signed, and require it where MiniStack decides."""
    for module in (iam_evaluator, ministack.app):  # the app imported the function under this name
        wrap(
            module,
            "pin_signed_request",
            "method raw_path query_params raw_headers handshake",
            _pin,
        )

    wrap(
        iam_evaluator,
        "enforce",
        "access_key_id iam_action service region resource_arn service_context",
        _enforce,
    )


def _pin(
    original: Callable[..., None],
    method: str,
    raw_path: str,
    query_params: Mapping[str, Sequence[str]],
    raw_headers: Sequence[tuple[bytes, bytes]],
    handshake: bool = False,
) -> None:
    original(method, raw_path, query_params, raw_headers, handshake)

    signed = _signed_by_header(raw_headers) or _signed_by_query(query_params)
    _unsigned.set(not signed)
    if not signed:
        iam_evaluator._anonymous.set(True)


def _signed_by_header(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    found = next((value for name, value in headers if name.lower() == b"authorization"), b"")
    return found.decode("latin-1").startswith(_SIGNING_SCHEMES)


def _signed_by_query(query: Mapping[str, Sequence[str]]) -> bool:
    # The names of Signature Version 4, and of version 2, which S3 and old Query APIs accept.
    return any(
        all(query.get(name) for name in names)
        for names in (("X-Amz-Algorithm", "X-Amz-Signature"), ("AWSAccessKeyId", "Signature"))
    )


def _enforce(
    original: Callable[..., Any],
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Mapping[str, Any] | None = None,
) -> Any:
    if _unsigned.get() and service == "s3":
        public = resource_arn.startswith(_BUCKET_OR_OBJECT) and iam_action not in _NEVER_PUBLIC
        if access_key_id or not public:
            return iam_evaluator.AuthError("AccessDenied", "Access Denied")
    return original(access_key_id, iam_action, service, region, resource_arn, service_context)
