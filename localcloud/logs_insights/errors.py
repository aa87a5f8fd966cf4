"""Why a query does not run."""


class MalformedQueryError(ValueError):
    """A query is not Logs Insights QL, or uses a part of it that the local cloud does not emulate.

    ``start`` and ``end`` are the offsets of the characters that the sentence is about.
    """

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start = start
        self.end = end

    @classmethod
    def not_emulated(cls, part: str, start: int, end: int) -> "MalformedQueryError":
        """Name a part of the language that runs on AWS alone."""
        sentence = (
            f"The local cloud does not emulate {part}. Run the query on AWS, or leave it out."
        )
        return cls(sentence, start, end)
