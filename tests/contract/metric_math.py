"""Find errors in a metric math or search expression, by AWS's pages on their syntax.

CloudWatch User Guide, "Using metric math" (functions, ids, operators) and "CloudWatch search
expression syntax". SEARCH has a period in "Dashboard Body Structure and Syntax", and none in the
User Guide.
"""

import re
from collections.abc import Iterator, Sequence

STATISTIC = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d{1,2})?")
FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        """
        ABS ANOMALY_DETECTION_BAND AVG CEIL DATAPOINT_COUNT DATE DAY DIFF DIFF_TIME EPOCH FILL
        FIRST FLOOR
        HOUR IF INSIGHT_RULE_METRIC LAST LOG LOG10 MAX METRICS METRIC_COUNT MIN MINUTE MONTH
        PERIOD RATE
        REMOVE_EMPTY RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV SUM TIME_SERIES YEAR
        """,
    )
)
_WORDS = FUNCTIONS | {"AND", "OR", "REPEAT", "LINEAR", "ASC", "DESC"}
_TOKEN = re.compile(
    r"""\s*(?:('[^']*'|"[^"]*")|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)"""
    r"""|(==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"""
)
_SEARCH = re.compile(r"""SEARCH\(\s*'([^']*)'\s*,\s*'([^']*)'\s*(?:,\s*(\d+)\s*)?\)""")
_NAME = r'(?:[A-Za-z0-9]+|AWS/[A-Za-z0-9]+|"(?:[^"\\()]|\\.)+")'
_SCHEMA = re.compile(rf"\{{\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\}}")
_TERM = re.compile(r'(?:\s|\(|\)|AND\b|OR\b|NOT\b|(?:[\w.:]+=)?(?:"(?:[^"\\()]|\\.)+"|[\w./+-]+))+')
_MOST_CHARACTERS = 1024


def expression_problems(expression: str, ids: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for everything that is wrong; ``ids`` are those of the same graph."""
    if expression.count("SEARCH(") != len(_SEARCH.findall(expression)):
        yield (
            f"{expression}: SEARCH takes a query and a statistic in single quotes, "
            "and an optional period."
        )
    for query, statistic, period in _SEARCH.findall(expression):
        yield from _search_problems(query, statistic, period)
    yield from _math_problems(_SEARCH.sub("SEARCH()", expression), ids)


def _search_problems(query: str, statistic: str, period: str) -> Iterator[str]:
    if len(query) > _MOST_CHARACTERS:
        yield f"The query of SEARCH has {len(query)} of {_MOST_CHARACTERS} characters."
    if not STATISTIC.fullmatch(statistic):
        yield f"{statistic!r} is not a statistic."
    if period and (int(period) % 60 or not int(period)):
        yield f"The period {period} is not a multiple of 60."

    text = query.strip()
    schema = _SCHEMA.match(text)
    if text.startswith("{") and not schema:
        yield f"{text}: names with signs need double quotes in the schema."
        return
    term = text[schema.end() :].strip().removeprefix(",").strip() if schema else text
    if (term and not _TERM.fullmatch(term)) or not text or term.count("(") != term.count(")"):
        yield f"{term!r} is not a search term."


def _math_problems(expression: str, ids: Sequence[str]) -> Iterator[str]:
    position = 0
    while position < len(expression.rstrip()):
        found = _TOKEN.match(expression, position)
        if not found:
            yield f"{expression}: {expression[position:]!r} is not metric math."
            return
        position = found.end()
        word = found[2]
        called = expression[position:].lstrip().startswith("(")
        if word and called and word not in FUNCTIONS:
            yield f"{word} is not a function of metric math."
        elif word and not called and word not in _WORDS and word not in ids:
            yield f"No metric or expression of the graph has the id {word!r}."
    if expression.count("(") != expression.count(")"):
        yield f"{expression}: parentheses do not match."
