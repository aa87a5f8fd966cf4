"""Define the error of a query that does not run."""


class MalformedQueryError(ValueError):
    """A query is not Logs Insights QL, or uses a part that the local cloud does not emulate.

    ``start`` and ``end`` are the offsets of the characters that cause the error.
    """

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start = start
        self.end = end

    @classmethod
    def not_emulated(cls, part: str, start: int, end: int) -> "MalformedQueryError":
        """Return the error for a part of the language that runs on AWS only."""
        sentence = (
            f"The local cloud does not emulate {part}. Run the query on AWS, or remove that part."
        )
        return cls(sentence, start, end)
