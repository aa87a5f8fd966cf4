from pathlib import Path

import numpy as np
import pytest

from algorithm.checkpoint import load_arrays, save_arrays


def test_save_arrays_over_an_older_file_leaves_the_new_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "progress.npz"
    for number in (1, 2):
        save_arrays(path, {"number": np.array(number)})
    assert 2 == load_arrays(path, "number")["number"]
    assert [path] == list(tmp_path.iterdir())


def test_load_arrays_what_a_kill_amid_writing_left_is_not_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "progress.npz"
    path.parent.mkdir()
    (tmp_path / "progress.npz.partial").write_bytes(b"half a file")
    assert {} == load_arrays(path, "number")
    save_arrays(path, {"number": np.array(1)})
    assert [path.parent] == list(tmp_path.iterdir())
    assert 1 == load_arrays(path, "number")["number"]


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 half a file"])
def test_load_arrays_damaged_file_is_told_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "progress.npz").write_bytes(content)
    assert {} == load_arrays(tmp_path / "progress.npz", "number")
    assert "The checkpoint progress.npz cannot be read, so it is not used" in caplog.text


def test_load_arrays_file_with_other_arrays_is_told_and_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_arrays(tmp_path / "progress.npz", {"another": np.array(1)})
    assert {} == load_arrays(tmp_path / "progress.npz", "number")
    assert "cannot be read, so it is not used: number is not a file in the archive" in caplog.text
