"""Read a part of the overview, or say why it is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from cli import aws

# AWS's codes for a table or an index that does not exist.
_ABSENT = {"ResourceNotFoundException", "ValidationException"}


@dataclass(frozen=True)
class Missing:
    """A part that cannot be shown.

    Args:
        reason: What happened, and what to do.
        permission: Whether the reviewer's policies are the reason.
    """

    reason: str
    permission: bool = False


def part[T](read: Callable[[], T], action: str) -> T | Missing:
    """Read a part; an error of AWS is a reason, and no other part fails with it.

    Args:
        action: The IAM action and the resource that the part needs.
    """
    try:
        return read()
    except ClientError as exc:
        if aws.code_of(exc) in _ABSENT:
            return Missing(f"{aws.sentence_of(exc)} {_OUTDATED}")
        error = aws.explain(exc)
    except BotoCoreError as exc:
        error = aws.explain(exc)

    if isinstance(error, aws.PermissionMissingError):
        return Missing(f"Your AWS credentials do not allow {action}.", permission=True)
    return Missing(str(error))


_OUTDATED = "The stack may be older than this command: deploy it again (`sam build && sam deploy`)."
