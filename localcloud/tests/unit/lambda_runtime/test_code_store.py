import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.lambda_runtime.code_store import CodeStore
from untrusted.archive import UnsafeArchiveError

type MakeZip = Callable[[dict[str, str]], bytes]


def test_same_content_is_unpacked_once(tmp_path: Path, make_zip: MakeZip) -> None:
    store = CodeStore(tmp_path / "code")
    folder = store.folder([make_zip({"app.py": "original"})])
    (folder / "app.py").write_text("touched")
    assert "touched" == (store.folder([make_zip({"app.py": "original"})]) / "app.py").read_text()


def test_other_content_has_a_folder_of_its_own(tmp_path: Path, make_zip: MakeZip) -> None:
    store = CodeStore(tmp_path / "code")
    assert store.folder([make_zip({"app.py": "1"})]) != store.folder([make_zip({"app.py": "2"})])


def test_later_archive_overwrites_the_files_of_an_earlier_one(
    tmp_path: Path, make_zip: MakeZip
) -> None:
    folder = CodeStore(tmp_path / "code").folder(
        [make_zip({"a": "1", "b": "1"}), make_zip({"b": "2"})]
    )
    assert "1" == (folder / "a").read_text()
    assert "2" == (folder / "b").read_text()


def test_function_without_archives_has_an_empty_folder(tmp_path: Path) -> None:
    assert [] == list(CodeStore(tmp_path / "code").folder([]).iterdir())


def test_archive_with_a_member_that_points_outside_leaves_nothing(
    tmp_path: Path, make_zip: MakeZip
) -> None:
    store = CodeStore(tmp_path / "code")
    for _ in range(2):
        with pytest.raises(UnsafeArchiveError, match="escaped"):
            store.folder([make_zip({"app.py": ""}), make_zip({"../../escaped": ""})])
        assert [] == [path for path in tmp_path.rglob("*") if path != tmp_path / "code"]


def test_executable_member_stays_executable(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("bin/tool")
        member.external_attr = 0o755 << 16
        archive.writestr(member, "")
    folder = CodeStore(tmp_path / "code").folder([buffer.getvalue()])
    assert 0o111 == (folder / "bin/tool").stat().st_mode & 0o111


def test_new_store_removes_what_an_earlier_one_left(tmp_path: Path, make_zip: MakeZip) -> None:
    old = CodeStore(tmp_path / "code").folder([make_zip({"app.py": ""})])
    CodeStore(tmp_path / "code")
    assert not old.exists()
