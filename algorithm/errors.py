"""The root of all errors of the algorithm."""


class AlgorithmError(Exception):
    """The image-classification algorithm cannot go on."""

    def __init__(self, detail: str = "") -> None:
        """The message is the first sentence of the class, followed by the detail in brackets."""
        self.detail = detail
        sentence = type(self).__doc__ or ""
        super().__init__(f"{sentence} ({detail})" if detail else sentence)
