"""The state can be saved while it changes."""

import copy
from typing import Any

import pytest
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict


class Busy:
    """A value in whose copying another thread adds to the store."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def __deepcopy__(self, memo: dict[int, Any]) -> str:
        self.store[f"new-{len(self.store)}"] = "value"
        return "copied"


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize("kind", [AccountScopedDict, AccountRegionScopedDict])
def test_store_that_grows_is_copied_as_it_was(kind: type[Any]) -> None:
    store = kind()
    store["first"] = Busy(store)
    store["second"] = Busy(store)
    copied = copy.deepcopy(store)
    assert {"first": "copied", "second": "copied"} == dict(copied.items())
    assert 4 == len(store)
