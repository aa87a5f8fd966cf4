from pathlib import Path

import numpy as np
import pytest

from algorithm.checkpoint import load_arrays, save_arrays


def test_save_arrays_replaces_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "progress.npz"
    for number in (1, 2):
        save_arrays(path, {"number": np.array(number)})
    assert 2 == load_arrays(path, "number")["number"]
    assert [path] == list(tmp_path.iterdir())


def test_load_arrays_ignores_a_partial_file_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "progress.npz"
    path.parent.mkdir()
    (tmp_path / "progress.npz.partial").write_bytes(b"half a file")
    assert {} == load_arrays(path, "number")
    save_arrays(path, {"number": np.array(1)})
    assert [path.parent] == list(tmp_path.iterdir())
    assert 1 == load_arrays(path, "number")["number"]


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 half a file"])
def test_load_arrays_warns_about_a_damaged_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "progress.npz").write_bytes(content)
    assert {} == load_arrays(tmp_path / "progress.npz", "number")
    assert "The checkpoint progress.npz cannot be read, so it is not used" in caplog.text


def test_load_arrays_warns_about_missing_arrays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_arrays(tmp_path / "progress.npz", {"another": np.array(1)})
    assert {} == load_arrays(tmp_path / "progress.npz", "number")
    assert "cannot be read, so it is not used: number is not a file in the archive" in caplog.text
