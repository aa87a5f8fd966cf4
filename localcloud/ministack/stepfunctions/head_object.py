"""HeadObject called by a state: its time and errors as Step Functions gives them; MiniStack passes on the HTTP ones."""

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap

# A HEAD has no body that could name the error. AWS's SDK for Java, by which Step Functions names the errors of its SDK
# integrations, makes this of a 404 (software.amazon.awssdk.services.s3.S3Client.headObject, Throws).
NOT_FOUND = "S3.NoSuchKeyException"
# Of every other status it makes its general exception, whose message holds the status.
OTHER = "S3.S3Exception"
# MiniStack's message for an answer without a body.
_STATUS = re.compile(r"S3 returned status (\d{3})")


def install() -> None:
    """Look at what calls of S3 by a state answer."""
    wrap(stepfunctions, "_dispatch_aws_sdk_rest_xml", "service_info service_name action input_data", _call)


def _call(original: Callable[..., Any], service_info: Any, service_name: str, action: str, input_data: Any) -> Any:
    if (service_name, action) != ("s3", "headObject"):
        return original(service_info, service_name, action, input_data)

    try:
        result = original(service_info, service_name, action, input_data)
    except stepfunctions._ExecutionError as exc:
        status = _STATUS.fullmatch(exc.cause)
        if status is None:
            raise
        name, message = (NOT_FOUND, "The specified key does not exist.") if status[1] == "404" else (OTHER, "null")
        raise stepfunctions._ExecutionError(name, f"{message} (Service: S3, Status Code: {status[1]})") from exc

    # Step Functions, "Integrating AWS services": timestamps of SDK integrations are strings in ISO 8601.
    modified = parsedate_to_datetime(result["LastModified"]).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**result, "LastModified": modified}
