import io
import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from algorithm import model


def archive_of(path: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    """Make a .tar.gz with one member."""
    member.size = len(content)
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def copy(model_dir: Path, tmp_path: Path) -> Path:
    """Return a copy of the trained model that the test may damage."""
    return Path(shutil.copytree(model_dir, tmp_path / "model"))


def test_load_trained_model_classifies(model_dir: Path, columns: bytes) -> None:
    probabilities = model.load(model_dir).classify(columns)
    assert 2 == len(probabilities)
    assert pytest.approx(1) == sum(probabilities)


def test_load_model_of_another_backbone_is_refused(copy: Path) -> None:
    description = json.loads((copy / "model.json").read_text(encoding="utf-8"))
    description["backbone"]["sha256"] = "0" * 64
    (copy / "model.json").write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(model.BackboneMismatchError, match="0" * 64):
        model.load(copy)


@pytest.mark.parametrize("name", ["head.npz", "model.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"\x93NUMPY"])
def test_load_damaged_file_is_refused(copy: Path, name: str, content: bytes) -> None:
    (copy / name).write_bytes(content)
    with pytest.raises(model.InvalidModelError):
        model.load(copy)


@pytest.mark.parametrize("name", ["head.npz", "model.json"])
def test_load_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(model.InvalidModelError, match=name):
        model.load(copy)


def test_load_head_with_pickled_objects_is_refused(copy: Path) -> None:
    objects = np.array([None] * 2)
    np.savez(copy / "head.npz", weights=objects, bias=objects)
    with pytest.raises(model.InvalidModelError, match="allow_pickle"):
        model.load(copy)


def test_load_head_of_another_shape_is_refused(copy: Path) -> None:
    np.savez(copy / "head.npz", weights=np.zeros((10, 2)), bias=np.zeros(2))
    with pytest.raises(model.InvalidModelError, match=r"weights \(10, 2\)"):
        model.load(copy)


def test_pack_contains_the_files_of_the_folder(model_dir: Path, tmp_path: Path) -> None:
    with tarfile.open(model.pack(model_dir, tmp_path / "model.tar.gz")) as archive:
        assert ["head.npz", "model.json"] == archive.getnames()


def test_pack_copied_model_gives_the_same_bytes(
    model_dir: Path, copy: Path, tmp_path: Path
) -> None:
    first, second = (
        model.pack(model_dir, tmp_path / "a.tar.gz"),
        model.pack(copy, tmp_path / "b.tar.gz"),
    )
    assert first.read_bytes() == second.read_bytes()
