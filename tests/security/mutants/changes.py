"""A change to data that is made of dictionaries and lists: one place in it with another value, or gone."""

from typing import Any

type Path = tuple[str | int, ...]
type Change = tuple[str, Path, Any]  # its name, the place, the new value

GONE = object()


def changed(data: Any, path: Path, value: Any) -> Any:
    """A copy in which one place has another value, or is GONE; what is not on the way to it is shared."""
    copy, (key, *rest) = data.copy(), path
    if rest:
        copy[key] = changed(copy[key], tuple(rest), value)
    elif value is GONE:
        del copy[key]
    else:
        copy[key] = value
    return copy
