"""MiniStack copies its state to save it while executions go on; what comes in meanwhile would end the copy."""

import copy
from typing import Any

from ministack.core import responses

from local.ministack.seam import SeamMovedError

_STORES = (responses.AccountScopedDict, responses.AccountRegionScopedDict)


def install() -> None:
    """Have the stores copied as they are at one moment, or a state under load is not saved at all.

    Raises:
        SeamMovedError: the stores of MiniStack hold their data otherwise.
    """
    for store in _STORES:
        if getattr(store, "__slots__", None) != ("_data",) or hasattr(store, "__deepcopy__"):
            raise SeamMovedError(responses, store.__name__, "is copied otherwise")
        store.__deepcopy__ = _copy


def _copy(store: Any, memo: dict[int, Any]) -> Any:
    copied = type(store)()
    copied._data = copy.deepcopy(dict(store._data), memo)  # nothing comes between the making of this inner copy
    return copied
