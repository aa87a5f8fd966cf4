"""Parse filter patterns of CloudWatch Logs, for metric filters, subscriptions and searches.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters,
filter log events, and Live Tail". A pattern has one of four forms:

- nothing, which matches every event, or `%regular expression%`;
- terms: `ERROR -"not this" ?this ?or_this`;
- JSON: `{ $.status = "FAILED" && ($.latency > 500 || $.reason NOT EXISTS) }`;
- fields: `[ip, ..., status = 4* && status != 403, bytes]`.
"""

import re

_REGULAR_EXPRESSION = r"%[\w:#=@/;,\-^$?\[\]{}|\\*+.\s]+%"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PLAIN = r"[\w.*+\-]+"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_TERM = re.compile(rf"[?-]?\s*(?:{_QUOTED}|\w+)(?=\s|$)")
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<selector>\$(?:\.?\[(?:\d+|\*|{_QUOTED}|'[^']*')\]|\.[\w\-*]+)+)
    | (?P<both>&&|\|\|)
    | (?P<operator>=!|!=|<=|>=|=|<|>)
    | (?P<open>\() | (?P<close>\))
    | (?P<comma>,) | (?P<dots>\.\.\.|…)
    | (?P<regex>{_REGULAR_EXPRESSION})
    | (?P<quoted>{_QUOTED})
    | (?P<plain>{_PLAIN})
    )""",
    re.VERBOSE,
)
_KINDS_OF_VALUE = ("quoted", "plain", "regex")
_POSTFIXES = {("IS", "NULL"), ("IS", "TRUE"), ("IS", "FALSE"), ("NOT", "EXISTS")}


class FilterPatternError(ValueError):
    """The text is not a filter pattern."""


def check_pattern(pattern: str) -> None:
    """Check a filter pattern.

    Raises:
        FilterPatternError: CloudWatch Logs refuses the pattern; with its message if it is known.
    """
    text = pattern.strip()
    if text.startswith("{"):
        _check_enclosed(text, "{", "}")
        _Reader(text[1:-1]).read_json()
    elif text.startswith("["):
        _check_enclosed(text, "[", "]")
        _Reader(text[1:-1]).read_fields()
    elif not re.fullmatch(_REGULAR_EXPRESSION, text):
        _check_terms(text)


def names_fields(pattern: str) -> bool:
    """Return whether a pattern reads fields of events, as JSON and field patterns do."""
    return pattern.strip().startswith(("{", "["))


def _check_enclosed(text: str, first: str, last: str) -> None:
    if not text.endswith(last):
        message = f"If a filter pattern starts with '{first}' it must end with '{last}'"
        raise FilterPatternError(message)


def _check_terms(text: str) -> None:
    rest = text
    while rest:
        found = _TERM.match(rest)
        if not found:
            raise FilterPatternError(f"Invalid character(s) in term '{rest.split()[0]}'")
        rest = rest[found.end() :].lstrip()


class _Reader:
    """Parse the inside of a JSON pattern or a field pattern, token by token."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()

        while place < len(text):
            found = _TOKEN.match(text, place)
            if not found or not found.lastgroup:
                raise FilterPatternError
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()

    def read_json(self) -> None:
        self._read_conditions()
        if self._tokens:
            raise FilterPatternError

    def read_fields(self) -> None:
        self._read_field()
        while self._tokens:
            self._take("comma")
            self._read_field()

    def _read_conditions(self) -> None:
        self._read_condition()
        while self._next == "both":
            self._take("both")
            self._read_condition()

    def _read_condition(self) -> None:
        if self._next == "open":
            self._take("open")
            self._read_conditions()
            self._take("close")
            return

        self._take("selector")
        if self._next == "operator":
            self._read_comparison()
        elif (self._take("plain").upper(), self._take("plain").upper()) not in _POSTFIXES:
            raise FilterPatternError

    def _read_field(self) -> None:
        if self._next in ("", "comma"):  # a field may have no name
            return

        if self._next == "dots":
            self._take("dots")
            return

        self._take("plain")
        if self._next == "operator":
            self._read_comparison()
            while self._next == "both":
                self._take("both")
                self._take("plain")
                self._read_comparison()

    def _read_comparison(self) -> None:
        operator = self._take("operator")
        value = self._take(*_KINDS_OF_VALUE)
        if operator[0] in "<>" and not _NUMBER.fullmatch(value):
            raise FilterPatternError

    @property
    def _next(self) -> str:
        return self._tokens[0][0] if self._tokens else ""

    def _take(self, *kinds: str) -> str:
        if self._next not in kinds:
            raise FilterPatternError
        return self._tokens.pop(0)[1]
