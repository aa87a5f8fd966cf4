"""Append lines to a file."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from localcloud.server.line_file import LineFile


def test_lines_are_added_to_those_of_before(tmp_path: Path) -> None:
    for line in ("first", "späte"):
        file = LineFile(tmp_path / "log")
        file.append(line)
        file.close()
    assert "first\nspäte\n" == (tmp_path / "log").read_text(encoding="utf-8")


def test_full_file_is_renamed_with_its_lines(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "log", most_bytes=8)
    for line in ("one", "two", "three"):
        file.append(line)
    file.close()
    assert "one\ntwo\n" == (tmp_path / "log.1").read_text()
    assert "three\n" == (tmp_path / "log").read_text()


def test_lines_of_many_threads_are_neither_lost_nor_mixed(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "log")

    def write(n: int) -> None:
        for _ in range(200):
            file.append(str(n) * 50)

    writers = [Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    file.close()
    assert sorted(str(n) * 50 for n in range(4) for _ in range(200)) == sorted(
        (tmp_path / "log").read_text().split()
    )


def test_partly_written_line_is_lost_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    file = LineFile(tmp_path / "log")
    file.append("one")
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
        file.append("two")
    file.append("three")
    file.close()
    assert "one\nthree\n" == (tmp_path / "log").read_text()


def test_lost_lines_are_reported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = LineFile(tmp_path / "log")
    with monkeypatch.context() as full:
        full.setattr(os, "write", fail)
        file.append("one")
        file.append("two")
    file.close()
    assert [f"{tmp_path / 'log'} takes no more lines"] == caplog.messages


def test_file_that_cannot_be_renamed_takes_more_lines(tmp_path: Path) -> None:
    (tmp_path / "log.1").mkdir()
    file = LineFile(tmp_path / "log", most_bytes=4)
    file.append("one")
    file.append("two")
    (tmp_path / "log.1").rmdir()
    file.append("three")
    file.close()
    assert "three\n" == (tmp_path / "log").read_text()
