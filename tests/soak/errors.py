"""Define the errors of a soak that a user can correct."""

from untrusted.terminal import SeveralLinesError


class SoakError(Exception):
    """The soak cannot continue; the message has the next step."""


class NotAtRestError(SoakError):
    """Executions or messages no longer make progress; the message names the log's folder."""


class RepairError(SeveralLinesError, SoakError):
    """A command of `python -m operations` failed; the end of its output follows."""
