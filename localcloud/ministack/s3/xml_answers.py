"""Write object keys into XML as S3 does.

MiniStack: writes control characters unescaped, so that a carriage return becomes a newline.
Its ListObjectVersions and ListMultipartUploads ignore EncodingType.
AWS: encodes keys with EncodingType=url. Otherwise it writes a control character as a reference
such as &#x1;, which XML 1.0 does not have and parsers refuse.
Source: S3 API Reference, ListObjectVersions and ListMultipartUploads, EncodingType; S3 User Guide,
"Naming Amazon S3 objects", XML related object key constraints. The references of S3 are quoted in
https://github.com/basho/riak_cs/pull/1255.
Remove this patch when MiniStack does the same.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.services import s3

from localcloud.ministack.patch import wrap

_URL = "url"
# The elements that S3 encodes (ListObjectVersions, response element EncodingType).
_ENCODED = {"Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"}
_UNWRITABLE = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_encoding: ContextVar[str] = ContextVar("encoding", default="")


def install() -> None:
    """Encode the keys of two listings, and write all control characters as references."""
    wrap(s3, "_list_object_versions", "bucket_name query_params", _list)
    wrap(s3, "_list_multipart_uploads", "bucket_name query_params", _list)
    wrap(s3, "_xml_body", "root", _write)


def _list(original: Callable[..., Any], bucket: str, query: Mapping[str, Any]) -> Any:
    token = _encoding.set(s3._qp(query, "encoding-type", ""))
    try:
        return original(bucket, query)
    finally:
        _encoding.reset(token)


def _write(original: Callable[..., bytes], root: Element) -> bytes:
    if _encoding.get() == _URL and root.tag != "Error":
        _encode(root)
    return _UNWRITABLE.sub(_reference, original(root))


def _encode(root: Element) -> None:
    for element in root.iter():
        if element.tag in _ENCODED and element.text:
            element.text = s3._url_encode(element.text)
    SubElement(root, "EncodingType").text = _URL


def _reference(found: re.Match[bytes]) -> bytes:
    return b"&#x%x;" % found[0][0]
