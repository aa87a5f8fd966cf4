"""Find the server of a folder by its lock, and never by a process id only."""

import os
from pathlib import Path

import pytest

from localcloud.server import ownership
from localcloud.server.ownership import (
    AlreadyRunningError,
    FolderNotUsableError,
    Record,
    claim,
    find,
)
from localcloud.server.settings import Folder

RECORD = Record(os.getpid(), 4566, "http://127.0.0.1:4566", "2030-01-01T00:00:00+00:00", "1.5.33")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "cloud")


def test_find_in_an_unused_folder_returns_none(folder: Folder) -> None:
    assert find(folder) is None


def test_find_while_claimed_returns_the_record(folder: Folder) -> None:
    with claim(folder):
        RECORD.write(folder)
        assert RECORD == find(folder)


def test_find_after_the_claim_finds_nothing(folder: Folder) -> None:
    with claim(folder):
        RECORD.write(folder)
    assert find(folder) is None


def test_find_after_a_server_failed_finds_nothing(folder: Folder) -> None:
    def fail() -> None:
        with claim(folder):
            RECORD.write(folder)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not folder.record.exists()


def test_claim_twice_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "_PATIENCE_SECONDS", 0)
    with claim(folder), pytest.raises(AlreadyRunningError), claim(folder):
        pass


def _leave_behind(folder: Folder, pid: int) -> None:
    """Leave the folder as a killed server does, with the lock's file and the record."""
    with claim(folder):
        pass
    Record(pid, 4566, "http://127.0.0.1:4566", "2030-01-01T00:00:00+00:00", "1.5.33").write(folder)


def test_find_the_record_of_a_killed_server_removes_it(folder: Folder) -> None:
    _leave_behind(folder, pid=2**22 + 1)  # above any process id of Linux
    assert find(folder) is None
    assert not folder.record.exists()


def test_find_ignores_a_record_whose_process_id_was_reused(
    folder: Folder,
) -> None:
    _leave_behind(folder, pid=os.getpid())
    assert find(folder) is None


def test_claim_removes_the_record_of_a_killed_server(folder: Folder) -> None:
    _leave_behind(folder, pid=os.getpid())
    with claim(folder):
        assert find(folder) is None


def test_claim_of_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        FolderNotUsableError, match=r"cannot be used \(Not a directory\): change its permissions"
    ):
        claim(Folder(tmp_path / "file" / "cloud")).__enter__()
