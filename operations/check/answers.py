"""Record AWS's answer about one subject, and read its errors."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws import PermissionMissingError, code_of, explain, reason_of


class Outcome(StrEnum):
    """The result for one subject."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    DENIED = "access denied"  # of the caller, not of the subject: AWS was not asked
    UNANSWERED = "unanswered"  # throttled for too long, or an error of AWS's own
    NOT_EMULATED = "not emulated"
    NOT_CHECKED = "not checked"
    LOOKED_UP = "looked up"

    @property
    def fails(self) -> bool:
        """Return whether the check ends with exit status 1."""
        return self in (Outcome.REFUSED, Outcome.DENIED, Outcome.UNANSWERED)


@dataclass(frozen=True)
class Row:
    """One line of the result: the check, its subject and the answer in AWS's words."""

    check: str
    subject: str
    outcome: Outcome
    message: str = ""


# Codes of AWS for an operation that it does not know. The local cloud sends them for an operation
# that it does not emulate.
_UNKNOWN_OPERATION = {"UnknownOperationException", "InvalidAction", "UnknownOperation"}
# What AWS answers when it refuses the subject. Any other code says nothing about the subject.
_REFUSALS = {
    "ValidationException",
    "ValidationError",
    "InvalidArn",
    "InvalidDefinition",
    "InvalidExecutionInput",
}


def read_error(error: ClientError | BotoCoreError, action: str) -> tuple[Outcome, str]:
    """Return the outcome and the message of a call that failed.

    Args:
        error: what botocore raised.
        action: the IAM action of the call, as "states:TestState".
    """
    if not isinstance(error, ClientError):
        return Outcome.UNANSWERED, str(explain(error))

    code = code_of(error)
    message = reason_of(error)
    if code in _UNKNOWN_OPERATION:
        return Outcome.NOT_EMULATED, message
    if isinstance(explain(error), PermissionMissingError):
        return (
            Outcome.DENIED,
            f"Grant {action} (`scones check --permissions`). {message}",
        )
    if code in _REFUSALS:
        return Outcome.REFUSED, f"{code}: {message}"

    return Outcome.UNANSWERED, f"{code}: {message} Run the check again."


def ask(check: str, subject: str, action: str, question: Callable[[], tuple[Outcome, str]]) -> Row:
    """Return the row of one question; an error of AWS is an answer too."""
    try:
        outcome, message = question()
    except (ClientError, BotoCoreError) as exc:
        outcome, message = read_error(exc, action)
    return Row(check, subject, outcome, message)
