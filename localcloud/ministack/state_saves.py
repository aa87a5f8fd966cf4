"""Save a state that changes meanwhile, and report what could not be saved.

MiniStack: copies its stores while other threads change them, which raises and saves nothing. It
logs what it cannot save.
AWS: stores every change before it answers; nothing there corresponds to a save.
Source: S3 API Reference, PutObject: "if you receive a success response, Amazon S3 added the entire
object to the bucket".
Remove this patch when MiniStack copies its stores safely and reports failures.
"""

import copy
from collections.abc import Callable
from time import monotonic
from typing import Any

import ministack.app
from ministack.core import persistence, responses

from localcloud.ministack.patch import PatchMismatchError, wrap
from localcloud.ministack.swallowed_errors import collect

_STORES = (responses.AccountScopedDict, responses.AccountRegionScopedDict)
# Why the last save was not complete; empty if it was.
failures: list[Exception] = []
_changes: list[float] = [0.0]
_UNCHANGING = frozenset({str, int, float, bool, bytes, type(None)})


def install() -> None:
    """Have the stores copied as they are at one moment, and failed saves remembered.

    Raises:
        PatchMismatchError: the stores of MiniStack hold their data otherwise.
    """
    for store in _STORES:
        if getattr(store, "__slots__", None) != ("_data",) or hasattr(store, "__deepcopy__"):
            raise PatchMismatchError(responses, store.__name__, "is copied otherwise")
        store.__deepcopy__ = _copy
    for module in (persistence, ministack.app):  # the app looks it up under its own name for it
        wrap(module, "save_all", "services", _save_all)


def note_change() -> None:
    """Note that something in this process changes the state: the gateway sees no request for it."""
    _changes[0] = monotonic()


def last_change() -> float:
    """Return when `note_change` was called last, by `time.monotonic`; 0 if never."""
    return _changes[0]


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
    """Do as copy.deepcopy, but of the members that a container has at one moment."""
    kind = type(value)
    if kind in _UNCHANGING:
        return value
    if kind is dict:  # nothing comes between the making of this list
        return {key: _copied(member, memo) for key, member in list(value.items())}
    if kind is list:
        return [_copied(member, memo) for member in list(value)]
    return copy.deepcopy(value, memo)
