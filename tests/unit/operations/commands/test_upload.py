"""upload: the selected files, uploads without repetition, and the results."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from functions.serialize_image.file_format import ALLOWED_FORMATS
from operations.commands import upload
from operations.service import uploads
from operations.service.uploads import (
    SUFFIXES,
    FileNotReadableError,
    InvalidKeyError,
    NoImagesError,
    NotAFileError,
    SameKeyError,
    gather,
)
from tests.unit.operations.in_memory import Account

type Options = Callable[..., argparse.Namespace]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos, and files that are not images."""
    folder = tmp_path / "photos"
    for name in ("truck/1.JPG", "car 2.png", "notes.txt", ".hidden.png", ".git/a.png"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return folder


def keys(account: Account) -> dict[str, int]:
    """Return the number of versions of each key in the bucket."""
    found: dict[str, int] = {}
    for version in account.context.aws.s3.list_object_versions(Bucket="images").get("Versions", []):
        found[version["Key"]] = found.get(version["Key"], 0) + 1
    return found


def decide_all(account: Account, outcome: str = "ACCEPTED") -> None:
    """Record an outcome for every version in the bucket, as the workflow would."""
    for version in account.context.aws.s3.list_object_versions(Bucket="images")["Versions"]:
        account.record(
            version["Key"],
            version["VersionId"],
            outcome=outcome,
            classification="truck",
            confidence_score="0.9371",
        )


def test_suffixes_are_those_of_the_formats_that_the_service_reads() -> None:
    Image.init()
    rare = {".apng", ".jfif", ".jpe", ".dib", ".avifs"}
    heic = {".heic", ".heif"}  # which Pillow itself does not read
    known = {suffix for suffix, kind in Image.EXTENSION.items() if kind in ALLOWED_FORMATS}
    assert SUFFIXES == (known | heic) - rare


def test_images_of_a_folder_keep_their_paths_below_it(
    account: Account, options: Options, photos: Path
) -> None:
    data = upload.run(account.context, options(upload, str(photos), "--no-wait")).data
    assert {"uploads/truck/1.JPG": 1, "uploads/car 2.png": 1} == keys(account)
    assert 2 == data["images"] == data["uploaded"]
    assert "2 images, 0.0 MB, to s3://images/uploads/" in account.shown.getvalue()


def test_named_file_may_have_any_suffix(account: Account, options: Options, photos: Path) -> None:
    arguments = [str(photos / "notes.txt"), "--prefix", "uploads/2026", "--no-wait"]
    assert 0 == upload.run(account.context, options(upload, *arguments)).status
    assert {"uploads/2026/notes.txt": 1} == keys(account)


def test_second_run_uploads_only_new_and_changed_images(
    account: Account, options: Options, photos: Path
) -> None:
    wanted = options(upload, str(photos), "--no-wait")
    upload.run(account.context, wanted)
    (photos / "car 2.png").write_bytes(b"another car")
    data = upload.run(account.context, wanted).data
    assert {"uploads/truck/1.JPG": 1, "uploads/car 2.png": 2} == keys(account)
    assert 1 == data["uploaded"]
    assert 1 == data["uploaded_before"]


def test_results_are_shown_with_class_and_confidence(
    account: Account, options: Options, photos: Path
) -> None:
    upload.run(account.context, options(upload, str(photos), "--no-wait"))
    decide_all(account)
    result = upload.run(account.context, options(upload, str(photos), "--timeout", "5s"))
    assert 0 == result.status
    assert 2 == result.data["outcomes"]["ACCEPTED"]
    shown = account.shown.getvalue()
    assert "ACCEPTED    truck  0.937  s3://images/uploads/truck/1.JPG" in shown
    assert "2 ACCEPTED, 0 REVIEW, 0 UNREADABLE, 0 FAILED, 0 without one yet." in shown
    files = {item["file"] for item in result.data["results"]}
    assert {str(photos / "car 2.png"), str(photos / "truck/1.JPG")} == files


def test_more_images_than_one_look_takes_are_followed(
    account: Account, options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_LOOKED_UP", 2)
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(b"%d" % number)
    upload.run(account.context, options(upload, str(tmp_path), "--no-wait", "--rate", "1000"))
    decide_all(account)
    again = options(upload, str(tmp_path), "--timeout", "5s", "--rate", "1000")
    assert 5 == upload.run(account.context, again).data["outcomes"]["ACCEPTED"]


def test_failed_image_ends_with_status_1_and_names_redrive(
    account: Account, options: Options, photos: Path
) -> None:
    upload.run(account.context, options(upload, str(photos), "--no-wait"))
    decide_all(account, outcome="FAILED")
    assert 1 == upload.run(account.context, options(upload, str(photos), "--timeout", "5s")).status
    assert "scones redrive" in account.shown.getvalue()


def test_image_without_an_outcome_in_time_ends_with_status_1(
    account: Account, options: Options, photos: Path
) -> None:
    result = upload.run(account.context, options(upload, str(photos), "--timeout", "1s"))
    assert 1 == result.status
    assert 2 == result.data["without_outcome"]
    assert "2 without one yet" in account.shown.getvalue()


@pytest.mark.parametrize("kind", ["missing", "pipe"])
def test_path_that_is_not_a_file_is_refused_before_any_upload(
    account: Account, options: Options, photos: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "odd.png"
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(NotAFileError, match=r"odd.png' (does not exist|is not a file or a folder)"):
        upload.run(account.context, options(upload, str(photos), str(path)))
    assert {} == keys(account)


def test_folder_without_images_is_refused(
    account: Account, options: Options, tmp_path: Path
) -> None:
    with pytest.raises(NoImagesError, match=r"\.jpeg"):
        upload.run(account.context, options(upload, str(tmp_path)))


def test_two_files_of_one_key_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(b"image")
    with pytest.raises(SameKeyError, match="Upload them with different --prefix"):
        gather([tmp_path / "a", tmp_path / "b"], "uploads/")
    assert 1 == len(gather([tmp_path / "a", tmp_path / "a/1.png"], "uploads/"))


def test_name_that_is_not_unicode_is_refused(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.png", "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(b"image")
    with pytest.raises(InvalidKeyError, match="is not valid UTF-8"):
        gather([tmp_path], "uploads/")


def test_key_that_is_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 200}.png").write_bytes(b"image")
    with pytest.raises(InvalidKeyError, match=r"has 1,1\d\d bytes; S3 allows 1,024"):
        gather([tmp_path], f"uploads/{'b' * 900}/")


def test_prefix_that_starts_no_workflow_is_refused(
    account: Account, options: Options, photos: Path
) -> None:
    with pytest.raises(upload.PrefixNotUploadsError, match="'archive/'"):
        upload.run(account.context, options(upload, str(photos), "--prefix", "archive/"))


def test_file_that_vanishes_is_named(account: Account, options: Options, photos: Path) -> None:
    [image] = [one for one in gather([photos], "uploads/") if one.path.suffix == ".png"]
    image.path.unlink()
    with pytest.raises(FileNotReadableError, match=r"car 2\.png: No such file"):
        uploads.upload(account.context, image)
