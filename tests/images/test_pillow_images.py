"""Pillow's test images are fetched from a folder, without a registry."""

import tarfile
from pathlib import Path

import pytest

from tests.images import pillow_images
from tests.images.pillow_images import PillowImagesError, fetch


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Return requirements with a Pillow version that no registry has."""
    file = tmp_path / "requirements.txt"
    file.write_text(
        "other==1 \\\n    --hash=sha256:00\npillow==0.0.1 \\\n    --hash=sha256:"
        + "0" * 64
        + "\n    # via me\n"
    )
    return file


def archive(folder: Path, *names: str) -> Path:
    """Return a source distribution with these files."""
    file = folder / "pillow-0.0.1.tar.gz"
    with tarfile.open(file, "w:gz") as members:
        for name in names:
            members.addfile(tarfile.TarInfo(f"pillow-0.0.1/{name}"))
    return file


def test_fetch_downloads_nothing_if_the_images_exist(tmp_path: Path, requirements: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / ".ready").write_text("pillow==0.0.1 \\\n    --hash=sha256:" + "0" * 64)
    (folder / "a.png").touch()
    fetch(folder, requirements)
    assert (folder / "a.png").exists()


def test_failed_fetch_names_the_missing_distribution(
    tmp_path: Path, requirements: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(
        PillowImagesError,
        match=r"pip cannot download its source distribution \(pillow==0\.0\.1\): .+",
    ):
        fetch(tmp_path / "images", requirements)
    assert not (tmp_path / "images").exists()


def test_fetch_without_a_pinned_pillow_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pillow>=13\n")
    with pytest.raises(PillowImagesError, match="pins no Pillow"):
        fetch(tmp_path / "images", tmp_path / "requirements.txt")


def test_unpacking_extracts_only_the_images(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    pillow_images._unpack_images(
        archive(tmp_path, "setup.py", "Tests/images/a.png", "Tests/images/bmp/b.bmp"), folder
    )
    assert ["a.png", "bmp/b.bmp"] == sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()
    )


def test_archive_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PillowImagesError, match="has no folder Tests/images"):
        pillow_images._unpack_images(archive(tmp_path, "setup.py"), tmp_path / "images")


def test_missing_images_are_an_error_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pillow_images, "FOLDER", tmp_path)
    with pytest.raises(PillowImagesError, match=r"make build/pillow-images/\.ready"):
        next(pillow_images.pillow_images())
