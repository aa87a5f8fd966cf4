"""Show long lists of names on the terminal."""

from collections.abc import Sequence

_SHOWN = 10
MOST_ROWS = 100  # of a table on the terminal


def shorten(names: Sequence[str]) -> str:
    """Return a list of names, shortened to its first names and the number of the others."""
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])


def rows_of(names: Sequence[str], kind: str) -> tuple[Sequence[str], str]:
    """Return the names that get a row of a table, and a text for those that get none.

    Args:
        kind: Plural of what the names are, such as "classes".
    """
    left = len(names) - MOST_ROWS
    return names[:MOST_ROWS], f"{left:,} more {kind}" if left > 0 else ""
