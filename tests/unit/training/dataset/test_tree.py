"""Folders of classes, on disk and in S3."""

import os
import socket
from itertools import pairwise
from pathlib import Path

import pytest

from cli.s3_url import InvalidS3UrlError
from training.dataset.manifest_rows import Columns
from training.dataset.source import SourceNotReadableError, class_name, read_file
from training.dataset.sources import open_source
from training.dataset.tree import read_folder, read_prefix
from training.steps.context import Context


def test_an_empty_folder_is_left_alone(source_folder: Path) -> None:
    (source_folder / "ship").mkdir()
    found = read_folder(source_folder, ())
    assert ("car", "truck") == found.classes
    assert ("ship/ (empty)",) == found.left_alone


def test_folder_of_the_system_is_not_even_opened(
    source_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source_folder / "$RECYCLE.BIN").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "$RECYCLE.BIN":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert ("$RECYCLE.BIN/",) == read_folder(source_folder, ()).left_alone


def test_images_of_a_folder_are_read_when_asked_for(source_folder: Path) -> None:
    first = read_folder(source_folder, ()).images[0]
    assert Path(first.path).read_bytes() == first.read()


def test_something_that_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    with pytest.raises(OSError, match="not a regular file"):
        read_file(tmp_path / "pipe")


@pytest.mark.parametrize("target", [".", "..", "../..", "../../car"])
def test_link_to_a_folder_above_it_is_refused_by_name(target: str, source_folder: Path) -> None:
    (source_folder / "car" / "deep").mkdir()
    (source_folder / "car" / "deep" / "again").symlink_to(target, target_is_directory=True)
    with pytest.raises(
        SourceNotReadableError, match=r"car/deep/again is a link to .*, which contains it"
    ):
        read_folder(source_folder, ())


def test_two_folders_that_link_to_each_other_are_refused(source_folder: Path) -> None:
    (source_folder / "car" / "other").symlink_to(source_folder / "truck", target_is_directory=True)
    (source_folder / "truck" / "other").symlink_to(source_folder / "car", target_is_directory=True)
    with pytest.raises(SourceNotReadableError, match="which contains it"):
        read_folder(source_folder, ())


def test_links_that_multiply_without_a_loop_are_refused(source_folder: Path) -> None:
    folders = [source_folder / "car" / str(level) for level in range(40)]
    for folder in folders:
        folder.mkdir()
    for folder, following in pairwise(folders):
        for name in "ab":
            (folder / name).symlink_to(following, target_is_directory=True)
    with pytest.raises(SourceNotReadableError, match="More than 100 paths lead to"):
        read_folder(source_folder, ())


def test_link_to_a_folder_elsewhere_is_followed(source_folder: Path) -> None:
    (source_folder / "ship").symlink_to(source_folder / "car", target_is_directory=True)
    images = read_folder(source_folder, ()).images
    numbers = [sum(image.label == label for image in images) for label in ("ship", "car")]
    assert numbers[0] > 0
    assert numbers[0] == numbers[1]


def test_folder_that_cannot_be_read_is_refused_by_name(
    source_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "car":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceNotReadableError, match=r"is not readable: .*Permission denied.*car"):
        read_folder(source_folder, ())


def test_pipes_sockets_and_devices_among_the_images_do_not_block(
    source_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(source_folder / "car")  # the path of a socket may have 107 bytes
    os.mkfifo(source_folder / "car" / "pipe.png")
    (source_folder / "car" / "zero.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.png")
    special = [
        image
        for image in read_folder(source_folder, ()).images
        if Path(image.path).stem in ("pipe", "zero", "socket")
    ]
    assert 3 == len(special)
    for image in special:
        with pytest.raises(OSError, match="not a regular file"):
            image.read()


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl", "cifar.tar.gz", "images"])
def test_pipe_that_is_named_as_the_source_is_refused(
    name: str, tmp_path: Path, context: Context
) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(SourceNotReadableError, match="neither a folder nor a regular file"):
        open_source(str(tmp_path / name), Columns(), (), context.aws.s3)


def test_an_s3_prefix_has_folders_too(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="raw")
    for key in ("photos/car/a b.png", "photos/truck/", "other/ship/c.png"):
        context.aws.s3.put_object(Bucket="raw", Key=key, Body=b"data")
    found = read_prefix(context.aws.s3, "s3://raw/photos", ())
    assert ("car",) == found.classes
    assert ("truck/ (empty)",) == found.left_alone
    assert "s3://raw/photos/car/a b.png" == found.images[0].path
    assert b"data" == found.images[0].read()


def test_keys_with_names_that_are_no_classes_do_not_block_a_prefix(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="raw")
    for key in ("photos/car/a.png", "photos//b.png", "photos/bus /c.png", "photos/car//d.png"):
        context.aws.s3.put_object(Bucket="raw", Key=key, Body=b"data")
    found = read_prefix(context.aws.s3, "s3://raw/photos/", ())
    assert ["s3://raw/photos/car//d.png", "s3://raw/photos/car/a.png"] == [
        image.path for image in found.images
    ]
    assert ("/ (not a class name)", "bus / (not a class name)") == found.left_alone


def test_a_whole_bucket_can_be_a_source(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="raw")
    context.aws.s3.put_object(Bucket="raw", Key="car/a.png", Body=b"data")
    assert ("car",) == read_prefix(context.aws.s3, "s3://raw/", ()).classes


def test_a_bucket_that_is_not_there_cannot_be_a_source(context: Context) -> None:
    with pytest.raises(SourceNotReadableError, match="s3://none/x cannot be listed"):
        read_prefix(context.aws.s3, "s3://none/x", ())


def test_missing_object_is_reported_like_a_missing_file(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="raw")
    context.aws.s3.put_object(Bucket="raw", Key="car/a.png", Body=b"data")
    [image] = read_prefix(context.aws.s3, "s3://raw/", ()).images
    context.aws.s3.delete_object(Bucket="raw", Key="car/a.png")
    with pytest.raises(FileNotFoundError, match=r"s3://raw/car/a\.png does not exist"):
        image.read()


def test_prefix_that_is_not_utf_8_is_refused_by_name(context: Context) -> None:
    with pytest.raises(InvalidS3UrlError, match=r"'s3://raw/caf\\udce9' is not UTF-8"):
        read_prefix(context.aws.s3, "s3://raw/caf\udce9", ())


def test_class_is_read_as_utf_8_in_a_locale_of_another_encoding() -> None:
    # In ASCII Python escapes the bytes of a name; `os.fsencode` gives them back.
    assert "caf\u00e9" == class_name("caf\u00e9".encode().decode("ascii", "surrogateescape"))
