"""What can go wrong in the demo in ways that a user can do something about."""

from untrusted.terminal import SeveralLinesError


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


class MissingToolError(DemoError):
    """A program that the demo needs is not on PATH; run `make setup`, or `make demo`, which sets PATH."""


class DiskFullError(DemoError):
    """The disk has too little free space for the demo; free some, or name another --state-dir."""


class SamError(SeveralLinesError, DemoError):
    """SAM CLI failed; the end of its output is below, the whole of it in the log named there."""


class TrainingStepError(DemoError):
    """A step of the training tool ended with an error; what it said is above."""


class UndecidedImagesError(DemoError):
    """Some uploads have no outcome; `python -m localcloud status` and the logs in .localcloud/logs say more."""
