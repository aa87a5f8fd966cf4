"""Wrap functions of MiniStack whose parameters a patch expects."""

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any


class PatchMismatchError(RuntimeError):
    """MiniStack differs from the version that this patch expects. Run `make setup`."""

    def __init__(self, owner: ModuleType | type, name: str, problem: str) -> None:
        super().__init__(f"{owner.__name__}.{name} {problem}. {type(self).__doc__}")


def wrap(owner: ModuleType | type, name: str, parameters: str, around: Callable[..., Any]) -> None:
    """Replace ``owner.name`` by ``around``, which receives the original before the arguments.

    Args:
        owner: the module or class that has the function.
        name: the function.
        parameters: the names of its parameters, separated by spaces.
        around: the replacement, called as ``around(original, *arguments)``.

    Raises:
        PatchMismatchError: the function is missing or has other parameters.
    """
    original = getattr(owner, name, None)
    if not inspect.isfunction(original):
        raise PatchMismatchError(owner, name, "is missing")

    found = " ".join(inspect.signature(original).parameters)
    if found != parameters:
        raise PatchMismatchError(owner, name, f"takes ({found}) instead of ({parameters})")

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(owner, name, replacement)
