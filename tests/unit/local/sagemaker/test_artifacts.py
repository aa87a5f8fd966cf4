"""Reading model.tar.gz from S3, and unpacking it safely."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from local.sagemaker import artifacts
from local.sagemaker.artifacts import ArtifactUnavailableError, BadArtifactError, S3ArtifactStore, unpack

NO_SUCH_KEY = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>Gone.</Message></Error>'


def packed(*members: tarfile.TarInfo) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return archive.getvalue()


def a_file(name: str, size: int = 1) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def a_link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


@pytest.fixture(scope="module")
def s3(server: Any) -> S3ArtifactStore:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        found = scope["path"] == "/models/a b#1/model.tar.gz"
        answer = Response(b"weights") if found else Response(NO_SUCH_KEY, 404, media_type="application/xml")
        await answer(scope, receive, send)

    server.app = app
    return S3ArtifactStore(server.url, "AKIDEXAMPLE", "secret", "us-east-1")


def test_archive_unpacks_with_its_folders(tmp_path: Path) -> None:
    unpack(packed(a_file("model.onnx"), a_file("code/labels.json")), tmp_path / "model")

    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert ["code/labels.json", "model.onnx"] == sorted(str(path.relative_to(tmp_path / "model")) for path in files)


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"not gzip",
        packed(a_file("weights", 5000))[:-20],
        packed(a_file("../outside")),
        packed(a_link("link", "../../outside")),
    ],
    ids=["empty", "not gzip", "truncated", "parent folder", "link outside"],
)
def test_bad_archive_is_refused_and_leaves_nothing(tmp_path: Path, archive: bytes) -> None:
    with pytest.raises(BadArtifactError):
        unpack(archive, tmp_path / "models" / "model")
    assert [] == list(tmp_path.glob("models/*"))


def test_archive_that_unpacks_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_UNPACKED_BYTES", 10)

    with pytest.raises(BadArtifactError, match="more than 10 bytes"):
        unpack(packed(a_file("one", 6), a_file("two", 6)), tmp_path / "model")


def test_what_a_crash_left_half_unpacked_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "model.partial").mkdir()
    (tmp_path / "model.partial" / "old").touch()

    unpack(packed(a_file("new")), tmp_path / "model")

    assert ["new"] == [path.name for path in (tmp_path / "model").iterdir()]


def test_object_is_read_by_its_raw_key(s3: S3ArtifactStore) -> None:
    assert b"weights" == s3.read("s3://models/a b#1/model.tar.gz")


def test_object_that_is_not_there_is_unavailable(s3: S3ArtifactStore) -> None:
    with pytest.raises(ArtifactUnavailableError, match="NoSuchKey"):
        s3.read("s3://models/none.tar.gz")


def test_url_of_another_scheme_is_unavailable(s3: S3ArtifactStore) -> None:
    with pytest.raises(ArtifactUnavailableError, match="does not start with s3://"):
        s3.read("https://models/model.tar.gz")
