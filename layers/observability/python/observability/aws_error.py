"""An error that AWS answered, read so that a missing or null field never raises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_REASON = 500  # characters
NO_REASON = "AWS gave no reason"


@dataclass(frozen=True)
class AwsError:
    """An error of an AWS service.

    Args:
        code: The error's name; the HTTP status as text where AWS sent no name.
        status: The HTTP status; 0 where there is none.
        reason: What AWS says, at most `LONGEST_REASON` characters; never empty.
    """

    code: str
    status: int
    reason: str

    @property
    def is_named(self) -> bool:
        """Whether AWS sent a name: without one, botocore puts the HTTP status in its place."""
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
    """The message of an error for a sentence, cut; `NO_REASON` where it is null or empty."""
    return str(message or NO_REASON)[:LONGEST_REASON]
