"""Read error responses of AWS, even with missing or null fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REASON = 500  # characters
NO_REASON = "AWS gave no reason"


@dataclass(frozen=True)
class AwsError:
    """An error of an AWS service.

    Args:
        code: The error's name; the HTTP status as text if AWS sent no name.
        status: The HTTP status; 0 if it is missing.
        reason: The message of AWS, at most `LONGEST_REASON` characters; never empty.
    """

    code: str
    status: int
    reason: str

    @property
    def is_named(self) -> bool:
        """Return whether AWS sent a name; botocore replaces a missing name by the HTTP status."""
        return self.code != str(self.status)


def read_aws_error(response: Mapping[str, Any]) -> AwsError:
    """Read an error response as botocore parses it.

    SageMaker throttles with the body {"message": null}, which becomes Message: None; an XML error
    without Code and Message becomes an empty Error.
    """
    error = response.get("Error") or {}
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode") or 0
    return AwsError(str(error.get("Code") or status), status, shown_reason(error.get("Message")))


def shown_reason(message: object) -> str:
    """Return the message of an error, cut; `NO_REASON` if it is null or empty."""
    return str(message or NO_REASON)[:LONGEST_REASON]
