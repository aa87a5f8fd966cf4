"""Give an S3 object the ARN of its whole key.

MiniStack: leaves out slashes that end a key or follow another one, as in `parcels/`.
AWS: the ARN of an object is arn:aws:s3:::BUCKET/KEY, with the key as it is.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3",
Resource types.
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from localcloud.ministack.patch import wrap

_PARAMETERS = "service method path headers body query_params region account_id"


def install() -> None:
    """Find the ARN of an object in the path of its request."""
    wrap(iam_actions, "extract_resource_arn", _PARAMETERS, _resource_arn)


def _resource_arn(
    original: Callable[..., str], service: str, method: str, path: str, *rest: Any
) -> str:
    bucket, _, key = path.lstrip("/").partition("/")
    if service == "s3" and bucket and key:
        return f"arn:aws:s3:::{bucket}/{key}"
    return original(service, method, path, *rest)
