"""Save a state that changes meanwhile, and report failures.

MiniStack: copies its stores while other threads change them, which raises and saves nothing. It
only logs failures.
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
# The failures of the last save; empty after a complete save.
failures: list[Exception] = []
_changes: list[float] = [0.0]
_UNCHANGING = frozenset({str, int, float, bool, bytes, type(None)})


def install() -> None:
    """Copy the stores as of one moment, and remember failed saves.

    Raises:
        PatchMismatchError: MiniStack's stores have another structure.
    """
    for store in _STORES:
        if getattr(store, "__slots__", None) != ("_data",) or hasattr(store, "__deepcopy__"):
            raise PatchMismatchError(responses, store.__name__, "is copied otherwise")
        store.__deepcopy__ = _copy
    for module in (persistence, ministack.app):  # the app imported the function under this name
        wrap(module, "save_all", "services", _save_all)


def note_change() -> None:
    """Note a change of the state that no request announces to the gateway."""
    _changes[0] = monotonic()


def last_change() -> float:
    """Return the time of the last `note_change` by `time.monotonic`, or 0."""
    return _changes[0]


def save() -> None:
    """Write the state of all services, as MiniStack does when it stops.

    `failures` has the errors.
    """
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
    """Copy a container deeply, with the members of one moment."""
    kind = type(value)
    if kind in _UNCHANGING:
        return value

    if kind is dict:  # no other thread runs while this list is made
        return {key: _copied(member, memo) for key, member in list(value.items())}

    if kind is list:
        return [_copied(member, memo) for member in list(value)]

    return copy.deepcopy(value, memo)
