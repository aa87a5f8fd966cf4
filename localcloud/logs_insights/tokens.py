"""Split a query into tokens, one at a time.

CloudWatch Logs User Guide, "Fields that contain special characters" (backticks) and "Use aliases
and comments in queries" (`#`). A name may have underscores without backticks, as in AWS's own
queries for Container Insights.
"""

import re
from dataclasses import dataclass

from localcloud.logs_insights.errors import MalformedQueryError

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_TOKEN = re.compile(
    r"""(?P<quoted>@?`[^`]+`)
      | (?P<name>[@A-Za-z_][\w@]*(?:\.[\w@]+)*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<period>\d+[A-Za-z]+)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<sign>!=|<=|>=|=~|[=<>|,()\[\]*])""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)+)/")
_ARITHMETIC = "+-*/^%"


@dataclass(frozen=True)
class Token:
    """A piece of a query: its kind (a group of the pattern, or "end"), its text and its start."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Return the offset after the last character."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """Return a name in lower case, as keywords are compared; "" for other tokens."""
        return self.text.lower() if self.kind == "name" else ""

    @property
    def value(self) -> str:
        """Return the text inside quotes or backticks; the whole text of other tokens."""
        if self.kind == "quoted":
            return self.text.replace("`", "")
        return re.sub(r"\\(.)", r"\1", self.text[1:-1]) if self.kind == "text" else self.text


class Tokens:
    """The tokens of a query, with one token of lookahead."""

    def __init__(self, query: str) -> None:
        self.query = query
        self._position = 0
        self.next = self._read()

    def take(self) -> Token:
        """Return the next token, and advance to the one after it."""
        taken = self.next
        self._position = taken.end
        self.next = self._read()
        return taken

    def take_sign(self, sign: str) -> bool:
        """Take the next token if it is this sign; return whether it was."""
        found = self.next.kind == "sign" and self.next.text == sign
        if found:
            self.take()
        return found

    def take_word(self, *words: str) -> str:
        """Take the next token if it is one of these keywords; return it, or ""."""
        return self.take().word if self.next.word in words else ""

    def expect_sign(self, sign: str) -> None:
        """Take this sign.

        Raises:
            MalformedQueryError: the next token is another one.
        """
        if not self.take_sign(sign):
            raise self.unexpected(f"{sign!r}")

    def take_pattern(self) -> re.Pattern[str] | None:
        """Take the next token if it is a regular expression between slashes; else return None.

        Raises:
            MalformedQueryError: Python, in place of AWS's Hyperscan, cannot compile the expression.
        """
        found = _PATTERN.match(self.query, self.next.start)
        if not found:
            return None

        try:
            pattern = re.compile(found[1].replace(r"\/", "/"))
        except re.error as exc:
            raise MalformedQueryError.not_emulated(
                f"the regular expression {found[0]} ({exc})", *found.span()
            ) from exc

        self._position = found.end()
        self.next = self._read()

        return pattern

    def unexpected(self, wanted: str) -> MalformedQueryError:
        """Return the error for an unexpected next token."""
        token = self.next
        if token.text and token.text[0] in _ARITHMETIC:
            return MalformedQueryError.not_emulated(
                f"arithmetic ({token.text}; names with other signs need `backticks`)",
                token.start,
                token.end,
            )

        found = repr(token.text) if token.text else "the end"
        return MalformedQueryError(f"Expected {wanted}, found {found}.", token.start, token.end)

    def _read(self) -> Token:
        blank = _BLANK.match(self.query, self._position)
        start = blank.end() if blank else self._position
        found = _TOKEN.match(self.query, start)
        if found:
            return Token(str(found.lastgroup), found[0], start)

        kind = "other" if start < len(self.query) else "end"

        return Token(kind, self.query[start : start + 1], start)
