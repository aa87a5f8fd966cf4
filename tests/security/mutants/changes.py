"""Change one value in data of dictionaries and lists, or remove it."""

from typing import Any

type Path = tuple[str | int, ...]
type Change = tuple[str, Path, Any]  # its name, the place, the new value

GONE = object()


def changed(data: Any, path: Path, value: Any) -> Any:
    """Return a copy with one changed or removed value; unchanged parts are shared."""
    copy, (key, *rest) = data.copy(), path
    if rest:
        copy[key] = changed(copy[key], tuple(rest), value)
    elif value is GONE:
        del copy[key]
    else:
        copy[key] = value
    return copy
