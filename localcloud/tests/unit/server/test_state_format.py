"""Refuse state of another version before it changes."""

import json
from pathlib import Path

import pytest

from localcloud.server.settings import Folder
from localcloud.server.state_format import FORMAT, IncompatibleStateError, check, ministack_version


def _folder(tmp_path: Path, written_by: dict[str, object] | None = None) -> Folder:
    folder = Folder(tmp_path)
    folder.state.mkdir()
    if written_by:
        (folder.state / "format.json").write_text(json.dumps(written_by))
    return folder


def _recorded(folder: Folder) -> dict[str, object]:
    return dict(json.loads((folder.state / "format.json").read_text()))


def test_check_of_new_state_records_the_versions(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    check(folder)
    assert {"format": FORMAT, "ministack": ministack_version()} == _recorded(folder)


def test_check_of_older_ministack_takes_the_state_over(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"format": FORMAT, "ministack": "1.5.9"})
    check(folder)
    assert ministack_version() == _recorded(folder)["ministack"]


@pytest.mark.parametrize(
    "written_by",
    [{"format": FORMAT, "ministack": "99.0.0"}, {"format": FORMAT + 1, "ministack": "1.5.33"}],
)
def test_check_of_newer_state_says_what_to_do_and_changes_nothing(
    tmp_path: Path, written_by: dict[str, object]
) -> None:
    folder = _folder(tmp_path, written_by)
    with pytest.raises(IncompatibleStateError, match="Move it away"):
        check(folder)
    assert written_by == _recorded(folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1'])
def test_check_of_a_damaged_record_says_what_to_do(tmp_path: Path, text: str) -> None:
    folder = _folder(tmp_path)
    (folder.state / "format.json").write_text(text)
    with pytest.raises(IncompatibleStateError, match=r"is damaged. Move the state away \(`mv "):
        check(folder)


def test_check_of_damaged_ministack_state_names_the_file_and_leaves_it(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    damaged = folder.state / "ministack" / "stepfunctions.json"
    damaged.parent.mkdir()
    damaged.write_text("{bad")
    with pytest.raises(IncompatibleStateError, match=r"stepfunctions\.json is damaged"):
        check(folder)
    assert "{bad" == damaged.read_text()
