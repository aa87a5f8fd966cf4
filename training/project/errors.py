"""What can go wrong in the training tool in ways that a user can do something about."""

from cli.errors import CommandError


class TrainingError(CommandError):
    """A step cannot go on; the message says what to do."""
