"""Define the base class of the errors that a user of the training tool can correct."""

from cli.errors import CommandError


class TrainingError(CommandError):
    """A step cannot continue; the message says what to do."""
