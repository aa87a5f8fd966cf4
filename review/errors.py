"""Errors of answers and undos, whose messages the review page shows."""

from cli.errors import CommandError


class AnsweredElsewhereError(CommandError):
    """Another reviewer has answered this image meanwhile, so it needs no further answer."""


class ImageGoneError(CommandError):
    """The image has no record any more, or it does not wait for a review."""


class NotAnnouncedError(CommandError):
    """The answer is stored, but EventBridge has not taken its event: send the answer again."""


class RecordBusyError(CommandError):
    """The record could not be written now: send the answer again."""


class NothingToUndoError(CommandError):
    """The answer was already taken back, or it is another reviewer's."""
