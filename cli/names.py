"""Show a long list of names."""

from collections.abc import Sequence

_SHOWN = 10


def shorten(names: Sequence[str]) -> str:
    """Return a list of names, shortened to its first names and the number of the others."""
    more = [f"{len(names) - _SHOWN:,} more"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])
