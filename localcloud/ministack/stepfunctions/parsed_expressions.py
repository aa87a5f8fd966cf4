"""MiniStack parses a JSONata expression at every evaluation, half the time it takes; here each is parsed once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jsonata import parser

from localcloud.ministack.patch import wrap

# Far more than the workflows here have; a tree of one takes some kilobytes.
_EXPRESSIONS = 2000


def install() -> None:
    """Have evaluations share the syntax trees, which they only read: the library itself shares them among threads."""
    wrap(parser.Parser, "parse", "self jsonata regex_engine", _remembering())


def _remembering() -> Callable[..., Any]:
    @lru_cache(_EXPRESSIONS)
    def tree(parse: Callable[..., Any], *expression: Any) -> Any:
        return parse(parser.Parser(), *expression)

    # Each thread has a parser of its own, which keeps nothing that an evaluation would want.
    return lambda original, _parser, *expression: tree(original, *expression)
