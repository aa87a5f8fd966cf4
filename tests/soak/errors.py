"""What can go wrong with a soak itself in ways that a user can do something about."""

from untrusted.terminal import SeveralLinesError


class SoakError(Exception):
    """The soak cannot go on; the message says what to do."""


class NotAtRestError(SoakError):
    """Executions or messages are left that do not move any more; the local cloud's log is in the folder named there."""


class RepairError(SeveralLinesError, SoakError):
    """A command of `python -m operations` failed; the end of what it said is below."""
