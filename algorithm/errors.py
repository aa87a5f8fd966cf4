"""Define the base class of all errors of the algorithm."""


class AlgorithmError(Exception):
    """The image-classification algorithm cannot continue."""

    def __init__(self, detail: str = "") -> None:
        """Make the message from the first sentence of the class and the detail in brackets."""
        self.detail = detail
        sentence = type(self).__doc__ or ""
        super().__init__(f"{sentence} ({detail})" if detail else sentence)
