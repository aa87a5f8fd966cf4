"""Check requests about state machines."""

import re
from collections.abc import Mapping
from typing import Any

from localcloud.api.protocol import NotEmulatedError
from localcloud.stepfunctions.api_errors import InvalidLoggingError, InvalidNameError

# CreateStateMachine, name: the characters that a name must not contain.
_FORBIDDEN_IN_NAME = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
OWNED_KEY = {"type": "AWS_OWNED_KEY"}


def check_name(name: str) -> None:
    """Return if a state machine may have this name.

    Raises:
        InvalidNameError: the name has a forbidden character.
    """
    if _FORBIDDEN_IN_NAME.search(name):
        raise InvalidNameError(f"Invalid Name: '{name}'")


def refuse_not_emulated(request: Mapping[str, Any]) -> None:
    """Return if a request uses emulated features only.

    Raises:
        NotEmulatedError: the request has a version or a KMS key.
    """
    if request.get("publish") or request.get("versionDescription"):
        raise NotEmulatedError("Versions are not emulated by the local Step Functions.")
    if request.get("encryptionConfiguration", OWNED_KEY) != OWNED_KEY:
        raise NotEmulatedError("A KMS key is not emulated by the local Step Functions.")


def checked_logging(logging: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a valid logging configuration.

    Raises:
        InvalidLoggingError: Step Functions refuses the configuration.
    """
    groups = log_groups(logging)
    if logging.get("level", "OFF") != "OFF" and len(groups) != 1:
        raise InvalidLoggingError(
            "Invalid Logging Configuration: Must specify exactly one Log Destination."
        )

    if not all(":log-group:" in group for group in groups):
        raise InvalidLoggingError(
            f"Invalid Logging Configuration: Log Destination {groups} is not valid."
        )

    if not all(group.endswith(":*") for group in groups):
        # The message: https://github.com/hashicorp/terraform-provider-aws/pull/17683.
        raise InvalidLoggingError(
            "Invalid Logging Configuration: Log Group ARN must be provided with '*' qualifier."
        )

    return logging


def log_groups(logging: Mapping[str, Any]) -> list[str]:
    """Return the ARNs of the log groups of a logging configuration."""
    destinations = logging.get("destinations", [])
    return [one.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "") for one in destinations]


def tags_of(tags: list[Mapping[str, str]]) -> dict[str, str]:
    """Return tags by their keys."""
    return {tag.get("key", ""): tag.get("value", "") for tag in tags}
