"""Parse the commands of a query: each becomes a step from rows to rows.

CloudWatch Logs User Guide, "CloudWatch Logs Insights language query syntax", a page for each
command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from localcloud.logs_insights.aggregates import AGGREGATES, Aggregate
from localcloud.logs_insights.conditions import Value, condition, field_name, value
from localcloud.logs_insights.errors import MalformedQueryError
from localcloud.logs_insights.events import Row
from localcloud.logs_insights.ordering import sort_key
from localcloud.logs_insights.periods import bin_start, take_period
from localcloud.logs_insights.tokens import Token, Tokens

MOST_ROWS = 100_000
DEFAULT_COLUMNS = ("@timestamp", "@message")
# Commands that run on AWS only.
_ELSEWHERE = frozenset(
    {
        "anomaly",
        "dedup",
        "diff",
        "expand",
        "filterindex",
        "join",
        "lookup",
        "parse",
        "pattern",
        "source",
        "unmask",
        "unnest",
    }
)

type Step = Callable[[list[Row]], list[Row]]


@dataclass
class Query:
    """A parsed query.

    ``selecting`` are the steps before `stats`, which select events; ``arranging`` are the others.
    """

    selecting: list[Step] = field(default_factory=list)
    arranging: list[Step] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    displayed: list[str] | None = None
    aggregated: bool = False
    limit: int | None = None

    @property
    def shown(self) -> Sequence[str]:
        """Return the columns of the result: those of the last `display`, else of `fields` or
        `stats`.
        """
        return self.displayed or self.columns or DEFAULT_COLUMNS

    def add(self, step: Step, *, selects: bool = False) -> None:
        """Add a step after all others."""
        (self.selecting if selects and not self.arranging else self.arranging).append(step)


def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        MalformedQueryError: it is not Logs Insights QL, or uses a part that is not emulated.
    """
    tokens = Tokens(text)
    query = Query()
    while True:
        _command(tokens, query)
        if tokens.next.kind == "end":
            return query
        if not tokens.take_sign("|"):
            raise tokens.unexpected("'|'")


def _command(tokens: Tokens, query: Query) -> None:
    token = tokens.take()
    command = _COMMANDS.get(token.word)
    if command and query.limit and token.word not in ("display", "limit"):
        raise MalformedQueryError.not_emulated(f"{token.text} after limit", token.start, token.end)

    if command:
        command(tokens, query, token)
    elif token.word in _ELSEWHERE:
        raise MalformedQueryError.not_emulated(f"the command {token.text}", token.start, token.end)
    else:
        sentence = (
            f"{token.text!r} is not a command of Logs Insights. "
            "A command stands first and after every '|'."
        )
        raise MalformedQueryError(sentence, token.start, token.end)


def _fields(tokens: Tokens, query: Query, token: Token) -> None:
    if query.aggregated:
        raise MalformedQueryError.not_emulated("fields after stats", token.start, token.end)
    for name, found in _named_values(tokens):
        query.columns.append(name)
        query.add(_defining(name, found), selects=True)


def _display(tokens: Tokens, query: Query, _token: Token) -> None:
    query.displayed = []
    for name, found in _named_values(tokens):
        query.displayed.append(name)
        query.add(_defining(name, found), selects=True)


def _named_values(tokens: Tokens) -> list[tuple[str, Value]]:
    found = []
    while True:
        start = tokens.next
        taken = value(tokens)
        found.append((_alias(tokens, start), taken))
        if not tokens.take_sign(","):
            return found


def _alias(tokens: Tokens, start: Token) -> str:
    """Take `as` and a name; without it return the text since ``start``, which names the column."""
    end = tokens.next.start
    if tokens.take_word("as"):
        return field_name(tokens)
    text = tokens.query[start.start : end].partition("#")[0].strip()
    return start.value if text == start.text else text


def _defining(name: str, found: Value) -> Step:
    def step(rows: list[Row]) -> list[Row]:
        for row in rows:
            taken = found(row.fields)
            row.fields.pop(name, None)
            if taken is not None:
                row.fields[name] = taken
        return rows

    return step


def _filter(tokens: Tokens, query: Query, _token: Token) -> None:
    holds = condition(tokens)
    query.add(lambda rows: [row for row in rows if holds(row.fields)], selects=True)


def _stats(tokens: Tokens, query: Query, token: Token) -> None:
    if query.aggregated:
        raise MalformedQueryError.not_emulated("a second stats", token.start, token.end)

    aggregates = [_aggregate(tokens)]
    while tokens.take_sign(","):
        aggregates.append(_aggregate(tokens))
    keys = _keys(tokens) if tokens.take_word("by") else []

    query.aggregated = True
    query.columns = [name for name, _ in keys] + [name for name, _, _ in aggregates]
    query.add(lambda rows: _grouped(rows, keys, aggregates))


def _aggregate(tokens: Tokens) -> tuple[str, Aggregate, str]:
    start = tokens.take()
    function = AGGREGATES.get(start.text)
    if function is None or not tokens.take_sign("("):
        raise MalformedQueryError.not_emulated(f"{start.text!r} in stats", start.start, start.end)

    if start.text == "count" and (tokens.take_sign("*") or tokens.next.text == ")"):
        argument = "*"
    else:
        argument = field_name(tokens)

    tokens.expect_sign(")")

    return _alias(tokens, start), function, argument


def _keys(tokens: Tokens) -> list[tuple[str, Callable[[Row], str | None]]]:
    keys = []
    while True:
        start = tokens.next
        key = _key(tokens)
        keys.append((_alias(tokens, start), key))
        if not tokens.take_sign(","):
            return keys


def _key(tokens: Tokens) -> Callable[[Row], str | None]:
    if tokens.next.text == "bin":
        period = take_period(tokens)
        return lambda row: bin_start(row.timestamp, period)
    found = value(tokens)
    return lambda row: found(row.fields)


def _grouped(
    rows: list[Row],
    keys: Sequence[tuple[str, Callable[[Row], str | None]]],
    aggregates: Sequence[tuple[str, Aggregate, str]],
) -> list[Row]:
    groups: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(key(row) for _, key in keys), []).append(row)

    results = []
    for values, members in groups.items():
        known = dict(zip((name for name, _ in keys), values, strict=True))
        known |= {name: function(members, argument) for name, function, argument in aggregates}
        results.append(Row({name: text for name, text in known.items() if text is not None}))

    return results


def _sort(tokens: Tokens, query: Query, _token: Token) -> None:
    orders = []
    while True:
        name = field_name(tokens)
        orders.append((name, tokens.take_word("asc", "desc") == "desc"))
        if not tokens.take_sign(","):
            break

    query.add(lambda rows: _sorted(rows, orders), selects=True)


def _sorted(rows: list[Row], orders: Sequence[tuple[str, bool]]) -> list[Row]:
    for name, descending in reversed(orders):
        rows = sorted(rows, key=lambda row: sort_key(row.fields.get(name, "")), reverse=descending)
    return rows


def _limit(tokens: Tokens, query: Query, _token: Token) -> None:
    token = tokens.next
    if token.word == "any":
        raise MalformedQueryError.not_emulated("limit any", token.start, token.end)
    if token.kind != "number" or not token.text.isdigit() or not 1 <= int(token.text) <= MOST_ROWS:
        raise tokens.unexpected(f"a whole number from 1 to {MOST_ROWS:,}")

    limit = int(tokens.take().text)
    query.limit = min(limit, query.limit or limit)


_COMMANDS: dict[str, Callable[[Tokens, Query, Token], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
}
