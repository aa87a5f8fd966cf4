"""Define the errors of the demo that a user can resolve."""

from untrusted.terminal import SeveralLinesError


class DemoError(Exception):
    """The demo cannot continue; the message says what to do."""


class MissingToolError(DemoError):
    """A program is not on PATH. Run `make setup`, or `make demo`, which sets PATH."""


class DiskFullError(DemoError):
    """The disk has too little free space. Free some, or name another --state-dir."""


class SamError(SeveralLinesError, DemoError):
    """SAM CLI failed. The message has the end of its output and the path of the whole log."""


class TrainingStepError(DemoError):
    """A step of the training tool failed; its message is above."""


class UndecidedImagesError(DemoError):
    """Some uploads have no outcome. See `scones local status` and .localcloud/logs."""
