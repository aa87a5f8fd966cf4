"""Fetching Pillow's test images; no registry is asked, for pip is told of a folder instead."""

import tarfile
from pathlib import Path

import pytest

from tests.images import pillow_images
from tests.images.pillow_images import PillowImagesError, fetch


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """Requirements that pin a Pillow which no registry has."""
    file = tmp_path / "requirements.txt"
    file.write_text(
        "other==1 \\\n    --hash=sha256:00\npillow==0.0.1 \\\n    --hash=sha256:"
        + "0" * 64
        + "\n    # via me\n"
    )
    return file


def archive(folder: Path, *names: str) -> Path:
    """A source distribution with these files."""
    file = folder / "pillow-0.0.1.tar.gz"
    with tarfile.open(file, "w:gz") as members:
        for name in names:
            members.addfile(tarfile.TarInfo(f"pillow-0.0.1/{name}"))
    return file


def test_fetch_with_images_of_that_version_there_asks_for_nothing(
    tmp_path: Path, requirements: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / ".ready").write_text("pillow==0.0.1 \\\n    --hash=sha256:" + "0" * 64)
    (folder / "a.png").touch()
    fetch(folder, requirements)
    assert (folder / "a.png").exists()


def test_fetch_that_pip_cannot_do_says_what_is_missing(
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


def test_fetch_with_no_pinned_pillow_says_so(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pillow>=13\n")
    with pytest.raises(PillowImagesError, match="pins no Pillow"):
        fetch(tmp_path / "images", tmp_path / "requirements.txt")


def test_unpacking_keeps_the_images_only(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    pillow_images._unpack_images(
        archive(tmp_path, "setup.py", "Tests/images/a.png", "Tests/images/bmp/b.bmp"), folder
    )
    assert ["a.png", "bmp/b.bmp"] == sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()
    )


def test_archive_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PillowImagesError, match="no Tests/images"):
        pillow_images._unpack_images(archive(tmp_path, "setup.py"), tmp_path / "images")


def test_images_that_were_not_fetched_are_an_error_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pillow_images, "FOLDER", tmp_path)
    with pytest.raises(PillowImagesError, match=r"make build/pillow-images/\.ready"):
        next(pillow_images.pillow_images())
