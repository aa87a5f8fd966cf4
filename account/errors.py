"""What can go wrong in a command in ways that a user can do something about."""


class CommandError(Exception):
    """A command cannot go on; the message says what to do."""

    def __init__(self, detail: str = "") -> None:
        """Without a detail the message is the sentence of the class."""
        super().__init__(detail or type(self).__doc__)
