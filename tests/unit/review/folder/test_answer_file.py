import errno
import os
from pathlib import Path

import pytest

from review.folder.answer_file import (
    AnswerFile,
    AnswerFileError,
    AnswerNotStoredError,
    FolderInUseError,
)
from review.web import STATUS


def test_line_is_there_after_the_file_was_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    with AnswerFile(path) as file:
        file.append({"answer_id": "one"})
    with AnswerFile(path) as file:
        assert [{"answer_id": "one"}] == file.lines


def test_line_is_on_disk_before_it_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    path = tmp_path / "reviews.jsonl"
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.read_bytes()))
    with AnswerFile(path) as file:
        file.append({"answer_id": "one"})
    assert [b'{"answer_id": "one"}\n'] == synced[-1:]


def test_line_that_a_crash_cut_off_is_removed_and_the_next_line_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(b'{"answer_id": "one"}\n{"answer_id": "tw')
    with AnswerFile(path) as file:
        assert [{"answer_id": "one"}] == file.lines
        file.append({"answer_id": "three"})
    assert b'{"answer_id": "one"}\n{"answer_id": "three"}\n' == path.read_bytes()


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_damaged_line_is_named_and_kept(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "reviews.jsonl"
    content = b'{"answer_id": "one"}\n' + line + b"\n"
    path.write_bytes(content)
    with pytest.raises(AnswerFileError, match="line 2"):
        AnswerFile(path)
    assert content == path.read_bytes()


def test_second_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    with AnswerFile(path), pytest.raises(FolderInUseError, match="Another"):
        AnswerFile(path)
    with AnswerFile(path) as file:
        assert [] == file.lines


def test_file_in_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnswerFileError, match=r"missing/reviews\.jsonl"):
        AnswerFile(tmp_path / "missing" / "reviews.jsonl")


def test_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reviews.jsonl"
    with AnswerFile(path) as file:
        file.append({"answer_id": "one"})

        def full(descriptor: int, data: bytes, at: int) -> int:
            write(descriptor, data[:3], at)
            raise OSError(errno.ENOSPC, "No space left on device")

        write = os.pwrite
        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", full)
            with pytest.raises(AnswerNotStoredError, match="No space left"):
                file.append({"answer_id": "two"})
        assert b'{"answer_id": "one"}\n' == path.read_bytes()

        file.append({"answer_id": "two"})
    assert b'{"answer_id": "one"}\n{"answer_id": "two"}\n' == path.read_bytes()


def test_page_sends_an_answer_again_that_the_disk_did_not_take() -> None:
    assert 503 == next(
        code for kind, code in STATUS.items() if issubclass(AnswerNotStoredError, kind)
    )
