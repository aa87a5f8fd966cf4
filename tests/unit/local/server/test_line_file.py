"""The file that takes lines."""

from pathlib import Path
from threading import Thread

from local.server.line_file import LineFile


def test_lines_are_added_to_those_of_before(tmp_path: Path) -> None:
    for line in ("first", "späte"):
        file = LineFile(tmp_path / "log")
        file.append(line)
        file.close()
    assert "first\nspäte\n" == (tmp_path / "log").read_text(encoding="utf-8")


def test_full_file_is_put_aside_with_what_it_holds(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "log", most_bytes=8)
    for line in ("one", "two", "three"):
        file.append(line)
    file.close()
    assert ("one\ntwo\n", "three\n") == ((tmp_path / "log.1").read_text(), (tmp_path / "log").read_text())


def test_no_line_is_lost_or_mixed_whoever_writes(tmp_path: Path) -> None:
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
    assert sorted(str(n) * 50 for n in range(4) for _ in range(200)) == sorted((tmp_path / "log").read_text().split())
