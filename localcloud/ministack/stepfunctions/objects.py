"""Call S3 for tasks, and for readers and writers of a Distributed Map."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3

from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import Integration

# The answer to HEAD has no body that names the error. Step Functions names errors by the AWS SDK
# for Java, which raises this one for a 404 (S3Client.headObject, Throws).
NOT_FOUND = "S3.NoSuchKeyException"
_CODE = re.compile(rb"<Code>(.*?)</Code>.*?<Message>(.*?)</Message>", re.DOTALL)
_TAG = re.compile(rb"<Key>(.*?)</Key>\s*(?:<Value>(.*?)</Value>|<Value ?/>)", re.DOTALL)
_HEADERS = {
    "etag": "ETag",
    "content-length": "ContentLength",
    "content-type": "ContentType",
    "last-modified": "LastModified",
    "x-amz-version-id": "VersionId",
}
_METADATA = "x-amz-meta-"


def call(_: Execution, integration: Integration, arguments: Mapping[str, Any]) -> Any:
    """Call S3. A reader gets the bytes of GetObject and the items of ListObjectsV2.

    Raises:
        StateError: with S3's error.
    """
    bucket = str(arguments.get("Bucket", ""))
    key = str(arguments.get("Key", ""))
    match integration.operation:
        case "HeadObject":
            return _head(bucket, key, arguments)
        case "GetObjectTagging":
            _, _, body = _tagging(s3._get_object_tagging(bucket, key, _version(arguments)))
            return {"TagSet": [_tag(*found) for found in _TAG.findall(body)]}
        case "PutObjectTagging":
            body = _tags_body(arguments["Tagging"]["TagSet"])
            _tagging(s3._put_object_tagging(bucket, key, body, _version(arguments)))
            return {}
        case "GetObject":
            return _checked(s3._get_object(bucket, key, _version(arguments), {}))[2]
        case "PutObject":
            headers = {"content-type": "application/json"}
            return _checked(s3._put_object(bucket, key, arguments["Body"], headers))[1]

    items = _listed(bucket, str(arguments.get("Prefix", "")))
    if integration.shown_type == "s3":
        return items

    return {"Contents": items, "KeyCount": len(items), "Name": bucket, "IsTruncated": False}


def _version(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {"versionId": str(arguments["VersionId"])} if arguments.get("VersionId") else {}


def _head(bucket: str, key: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    status, answered, _ = s3._head_object(bucket, key, {}, _version(arguments))
    if status >= HTTPStatus.BAD_REQUEST:
        name = "S3.S3Exception"
        message = "null"  # the SDK's general error, with the status
        if status == HTTPStatus.NOT_FOUND:
            name = NOT_FOUND
            message = "The specified key does not exist."
        raise StateError(name, f"{message} (Service: S3, Status Code: {status})")

    headers = {name.lower(): value for name, value in answered.items()}
    result: dict[str, Any] = {
        member: headers[name] for name, member in _HEADERS.items() if name in headers
    }
    # "Integrating AWS services": timestamps of SDK integrations are strings in ISO 8601.
    modified = parsedate_to_datetime(result["LastModified"])
    metadata = {
        name.removeprefix(_METADATA): value
        for name, value in headers.items()
        if name.startswith(_METADATA)
    }

    return {
        **result,
        "ContentLength": int(result["ContentLength"]),
        "LastModified": modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Metadata": metadata,
    }


def _tags_body(tags: Sequence[Mapping[str, str]]) -> bytes:
    root = Element("Tagging", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    tag_set = SubElement(root, "TagSet")
    for tag in tags:
        element = SubElement(tag_set, "Tag")
        for name in ("Key", "Value"):
            SubElement(element, name).text = tag[name]
    return tostring(root)


def _tag(key: bytes, value: bytes) -> dict[str, str]:
    return {"Key": unescape(key.decode()), "Value": unescape(value.decode())}


def _tagging(answer: Any) -> Any:
    """Return an answer about tags; the SDK has exceptions of their own for two codes alone."""
    status, _, body = answer
    if status < HTTPStatus.BAD_REQUEST:
        return answer
    found = _CODE.search(body)
    code, message = (part.decode() for part in found.groups()) if found else ("", "")
    modelled = code in ("NoSuchKey", "NoSuchBucket")
    name = f"S3.{code}Exception" if modelled else "S3.S3Exception"
    raise StateError(name, f"{message} (Service: S3, Status Code: {status})")


def _listed(bucket: str, prefix: str) -> list[dict[str, Any]]:
    found = s3._buckets.get(bucket)
    if found is None:
        message = f"The specified bucket does not exist. (Bucket: {bucket})"
        raise StateError("S3.NoSuchBucketException", message)
    objects = dict(found["objects"])
    return [_item(key, objects[key]) for key in sorted(objects) if key.startswith(prefix)]


def _item(key: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    modified = stored.get("last_modified")
    if isinstance(modified, str):
        modified = datetime.fromisoformat(modified).timestamp()

    return {
        "Etag": stored.get("etag", ""),
        "Key": key,
        "LastModified": int(modified or 0),
        "Size": stored.get("size", 0),
        "StorageClass": stored.get("storage_class") or "STANDARD",
    }


def _checked(answer: Any) -> Any:
    status, _, body = answer
    if status >= HTTPStatus.BAD_REQUEST:
        found = _CODE.search(body)
        code, message = (part.decode() for part in found.groups()) if found else ("S3", "")
        raise StateError(f"S3.{code}Exception", f"{message} (Service: S3, Status Code: {status})")
    return answer
