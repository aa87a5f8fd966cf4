"""The state can be saved while it changes."""

import copy
from pathlib import Path
from typing import Any

import pytest
from ministack import app
from ministack.core import persistence
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from localcloud.ministack import state_saves


class Busy:
    """A value that lets another thread add to the store while it is copied."""

    def __init__(self, store: Any) -> None:
        self.store = store

    def __deepcopy__(self, memo: dict[int, Any]) -> str:
        self.store[f"new-{len(self.store)}"] = "value"
        return "copied"


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize("kind", [AccountScopedDict, AccountRegionScopedDict])
def test_growing_store_is_copied_as_of_one_moment(kind: type[Any]) -> None:
    store = kind()
    store["first"] = Busy(store)
    store["second"] = Busy(store)
    copied = copy.deepcopy(store)
    assert {"first": "copied", "second": "copied"} == dict(copied.items())
    assert 4 == len(store)


@pytest.mark.usefixtures("ministack")
def test_copy_of_a_store_does_not_change_with_the_store() -> None:
    store = AccountScopedDict()
    store["execution"] = {"events": [{"id": 1}], "tags": {"a"}}
    copied = copy.deepcopy(store)
    store["execution"]["events"][0]["id"] = 2
    store["execution"]["tags"].add("b")
    assert {"events": [{"id": 1}], "tags": {"a"}} == copied["execution"]


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize("module", [persistence, app])
def test_failed_save_is_reported(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "PERSIST_STATE", True)
    (tmp_path / "file").touch()
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path / "file" / "ministack"))
    module.save_all({"sqs": dict})

    assert ["NotADirectoryError"] == [type(failure).__name__ for failure in state_saves.failures]
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    module.save_all({"sqs": dict})
    assert [] == state_saves.failures
