"""MiniStack saves its state while executions go on, and stands still for as long: saves that are steady, and quick.

It only logs what it cannot save; here the reason is kept, so that nobody is told that the state is kept.
"""

import copy
import json
from collections.abc import Callable
from typing import Any, TextIO

import ministack.app
from ministack.core import persistence, responses

from localcloud.ministack.patch import PatchMismatchError, wrap
from localcloud.ministack.swallowed_errors import collect

_STORES = (responses.AccountScopedDict, responses.AccountRegionScopedDict)
# Why the last save was not complete; empty if it was.
failures: list[Exception] = []
_UNCHANGING = frozenset({str, int, float, bool, bytes, type(None)})


def install() -> None:
    """Have the stores copied as they are at one moment, or a state under load is not saved at all; and do it in C.

    Raises:
        PatchMismatchError: the stores of MiniStack hold their data otherwise.
    """
    for store in _STORES:
        if getattr(store, "__slots__", None) != ("_data",) or hasattr(store, "__deepcopy__"):
            raise PatchMismatchError(responses, store.__name__, "is copied otherwise")
        store.__deepcopy__ = _copy
    parameters = "obj fp skipkeys ensure_ascii check_circular allow_nan cls indent separators default sort_keys kw"
    wrap(json, "dump", parameters, _dump)
    for module in (persistence, ministack.app):  # the app looks it up under its own name for it
        wrap(module, "save_all", "services", _save_all)


def save() -> None:
    """Write the state of all services, as MiniStack does when it stops; `failures` has what could not be written."""
    persistence.save_all(ministack.app._build_persistence_save_dict())


def _save_all(original: Callable[[Any], None], services: Any) -> None:
    with collect(persistence.logger) as found:
        original(services)
    failures[:] = found


def _copy(store: Any, memo: dict[int, Any]) -> Any:
    copied = type(store)()
    copied._data = _copied(store._data, memo)
    return copied


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """Do as copy.deepcopy, which takes four times as long to find out that nearly everything is what JSON has."""
    kind = type(value)
    if kind in _UNCHANGING:
        return value
    if kind is dict:  # nothing comes between the making of this list
        return {key: _copied(member, memo) for key, member in list(value.items())}
    if kind is list:
        return [_copied(member, memo) for member in list(value)]
    return copy.deepcopy(value, memo)


def _dump(_original: Callable[..., None], value: Any, file: TextIO, **options: Any) -> None:
    file.write(json.dumps(value, **options))  # only this one is written in C
