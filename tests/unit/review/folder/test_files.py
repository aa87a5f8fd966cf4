import os
from pathlib import Path

import pytest

from review.errors import ImageGoneError
from review.folder.answers import OWN
from review.folder.files import FileChangedError, Files, FolderNotReadableError, FolderPictures
from review.images import ImageKey
from review.pictures import NotAPictureError, PictureGoneError
from tests.unit.review.folder.conftest import png


def names(folder: Path) -> list[str]:
    return [key.image_url for key in Files(folder).list(OWN).keys]


def write(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or png())
    return path


def test_files_of_all_folders_are_listed(tmp_path: Path) -> None:
    write(tmp_path / "b.png")
    write(tmp_path / "day" / "a.png")
    assert ["b.png", "day/a.png"] == names(tmp_path)


def test_hidden_files_and_own_files_are_not_listed(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    for name in (".hidden.png", ".hidden/a.png", *OWN):
        write(tmp_path / name)
    assert ["a.png"] == names(tmp_path)


def test_pipe_is_not_listed(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert ["a.png"] == names(tmp_path)


def test_name_that_is_not_utf_8_is_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(png())
    listing = Files(tmp_path).list(OWN)
    assert ["a.png"] == [key.image_url for key in listing.keys]
    assert ("\udcff.png",) == listing.left_out


def test_name_with_outer_spaces_is_left_out_since_manifests_strip_them(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    write(tmp_path / " b.png")
    assert (" b.png",) == Files(tmp_path).list(OWN).left_out


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderNotReadableError, match="has no files"):
        Files(tmp_path).list(OWN)


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderNotReadableError, match="No such file"):
        Files(tmp_path / "missing").list(OWN)


def test_picture_is_the_file(tmp_path: Path) -> None:
    content = write(tmp_path / "a.png").read_bytes()
    files = Files(tmp_path)
    picture = FolderPictures(files, frozenset({"a.png"})).read(files.key("a.png"))
    assert content == picture.data
    assert "image/png" == picture.content_type


def test_file_outside_the_folder_is_not_shown(tmp_path: Path) -> None:
    outside = write(tmp_path / "secret.png")
    write(tmp_path / "photos" / "a.png")
    status = outside.stat()
    key = ImageKey("../secret.png", f"{status.st_size}-{status.st_mtime_ns}")
    with pytest.raises(PictureGoneError, match="no such image"):
        FolderPictures(Files(tmp_path / "photos"), frozenset({"a.png"})).read(key)


def test_text_is_not_a_picture(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"hello")
    files = Files(tmp_path)
    with pytest.raises(NotAPictureError, match=r"a\.txt"):
        FolderPictures(files, frozenset({"a.txt"})).read(files.key("a.txt"))


def test_deleted_file_is_gone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    files = Files(tmp_path)
    key = files.key("a.png")
    path.unlink()
    with pytest.raises(PictureGoneError, match=r"a\.png"):
        FolderPictures(files, frozenset({"a.png"})).read(key)
    with pytest.raises(ImageGoneError, match="Skip it"):
        files.key("a.png")


def test_changed_file_is_not_the_image_that_was_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    key = Files(tmp_path).key("a.png")
    path.write_bytes(png() + b"more")
    with pytest.raises(FileChangedError):
        Files(tmp_path).content(key)
