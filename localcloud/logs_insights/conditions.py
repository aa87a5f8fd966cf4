"""Parse the conditions of `filter`, and the fields and functions of other commands.

CloudWatch Logs User Guide, "filter" and "Boolean, comparison, numeric, datetime, and other
functions". A comparison with a field that an event lacks is false, with any operator.
"""

import re
from collections.abc import Callable, Sequence

from localcloud.logs_insights.errors import MalformedQueryError
from localcloud.logs_insights.events import SYSTEM_FIELDS, Fields
from localcloud.logs_insights.ordering import COMPARISONS, compare
from localcloud.logs_insights.tokens import Token, Tokens

type Value = Callable[[Fields], str | None]
type Condition = Callable[[Fields], bool]


def field_name(tokens: Tokens) -> str:
    """Take the name of a field.

    Raises:
        MalformedQueryError: the name is missing, or the system field is not emulated.
    """
    if tokens.next.kind not in ("name", "quoted"):
        raise tokens.unexpected("the name of a field")
    return _known_name(tokens.take())


def value(tokens: Tokens) -> Value:
    """Take a field, or a function of a field.

    Raises:
        MalformedQueryError: there is neither, or the function is not emulated.
    """
    if tokens.next.kind not in ("name", "quoted"):
        raise tokens.unexpected("a field")

    token = tokens.take()
    if not tokens.take_sign("("):
        name = _known_name(token)
        return lambda fields: fields.get(name)

    if token.text != "ispresent":
        raise MalformedQueryError.not_emulated(f"the function {token.text}", token.start, token.end)

    name = field_name(tokens)
    tokens.expect_sign(")")

    return lambda fields: str(int(name in fields))


def condition(tokens: Tokens) -> Condition:
    """Take a condition: `not` binds before `and`, `and` before `or`.

    Raises:
        MalformedQueryError: the condition is missing, or a part is not emulated.
    """
    parts = [_conjunction(tokens)]
    while tokens.take_word("or"):
        parts.append(_conjunction(tokens))
    return lambda fields: any(part(fields) for part in parts)


def _conjunction(tokens: Tokens) -> Condition:
    parts = [_negation(tokens)]
    while tokens.take_word("and"):
        parts.append(_negation(tokens))
    return lambda fields: all(part(fields) for part in parts)


def _negation(tokens: Tokens) -> Condition:
    if tokens.take_word("not"):
        return _negated(_negation(tokens), True)
    if tokens.take_sign("("):
        inner = condition(tokens)
        tokens.expect_sign(")")
        return inner

    return _comparison(tokens)


def _comparison(tokens: Tokens) -> Condition:
    first = tokens.next
    left = _operand(tokens)
    negative = bool(tokens.take_word("not"))
    keyword = tokens.take_word("like", "in")
    if keyword == "like":
        return _negated(_matching(tokens, left), negative)
    if keyword == "in":
        wanted = _list(tokens)
        return _negated(lambda fields: left(fields) in wanted, negative)
    if negative:
        raise tokens.unexpected("'like' or 'in'")
    if tokens.take_sign("=~"):
        return _matching(tokens, left)

    if tokens.next.text in COMPARISONS and tokens.next.kind == "sign":
        _refuse_time(first)
        sign = tokens.take().text
        _refuse_time(tokens.next)
        right = _operand(tokens)
        return lambda fields: _holds(left(fields), sign, right(fields))
    if first.text == "ispresent":
        return lambda fields: left(fields) == "1"

    raise tokens.unexpected("a comparison")


def _operand(tokens: Tokens) -> Value:
    if tokens.next.kind in ("text", "number"):
        constant = tokens.take().value
        return lambda _fields: constant
    return value(tokens)


def _matching(tokens: Tokens, left: Value) -> Condition:
    pattern = tokens.take_pattern()
    if pattern is None:
        if tokens.next.kind != "text":
            raise tokens.unexpected("a text in quotes or a /regular expression/")
        pattern = re.compile(re.escape(tokens.take().value))
    return lambda fields: (found := left(fields)) is not None and bool(pattern.search(found))


def _list(tokens: Tokens) -> Sequence[str]:
    tokens.expect_sign("[")
    wanted = []
    while True:
        if tokens.next.kind not in ("text", "number"):
            raise tokens.unexpected("a text or a number")
        wanted.append(tokens.take().value)
        if not tokens.take_sign(","):
            break

    tokens.expect_sign("]")

    return wanted


def _negated(inner: Condition, negative: bool) -> Condition:
    return (lambda fields: not inner(fields)) if negative else inner


def _holds(left: str | None, sign: str, right: str | None) -> bool:
    return left is not None and right is not None and compare(left, sign, right)


def _known_name(token: Token) -> str:
    name = token.value
    if token.kind == "name" and token.word in ("true", "false"):
        raise MalformedQueryError.not_emulated(f"the constant {name}", token.start, token.end)
    if name.startswith("@") and not name.startswith("@@") and name not in SYSTEM_FIELDS:
        raise MalformedQueryError.not_emulated(f"the field {name}", token.start, token.end)
    return name


def _refuse_time(token: Token) -> None:
    if token.value in ("@timestamp", "@ingestionTime"):
        part = f"comparisons with {token.value}; StartQuery takes a time range"
        raise MalformedQueryError.not_emulated(part, token.start, token.end)
