"""How the local cloud reaches into MiniStack: it wraps functions that still take what they took when it was written."""

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class SeamMovedError(RuntimeError):
    """MiniStack has changed where the local cloud reaches into it: run `make setup` to get the pinned version."""

    def __init__(self, owner: ModuleType | type, name: str, problem: str) -> None:
        super().__init__(f"{owner.__name__}.{name} {problem}. {type(self).__doc__}")


def wrap(owner: ModuleType | type, name: str, parameters: str, around: Callable[..., Any]) -> None:
    """Replace ``owner.name`` by ``around``, which gets the original before the arguments.

    Args:
        owner: the module whose functions look ``name`` up, or a class.
        name: the function.
        parameters: the names of its parameters, separated by spaces.
        around: called as ``around(original, *arguments)`` in its place.

    Raises:
        SeamMovedError: there is no such function, or it has other parameters.
    """
    original = getattr(owner, name, None)
    if not inspect.isfunction(original):
        raise SeamMovedError(owner, name, "is gone")
    found = " ".join(inspect.signature(original).parameters)
    if found != parameters:
        raise SeamMovedError(owner, name, f"takes ({found}) instead of ({parameters})")

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(owner, name, replacement)
