"""Unpack model.tar.gz safely."""

import io
import tarfile
from pathlib import Path

import pytest

from localcloud.sagemaker.hosting import artifacts
from localcloud.sagemaker.hosting.artifacts import BadArtifactError, unpack
from untrusted.archive import Limits


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
    member.type = tarfile.SYMTYPE
    member.linkname = target
    return member


def test_archive_unpacks_with_its_folders(tmp_path: Path) -> None:
    unpack(packed(a_file("model.onnx"), a_file("code/labels.json")), tmp_path / "model")

    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert ["code/labels.json", "model.onnx"] == sorted(
        str(path.relative_to(tmp_path / "model")) for path in files
    )


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


def test_archive_that_unpacks_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MODEL", Limits(members=10, unpacked_bytes=2000))

    with pytest.raises(BadArtifactError, match="limit"):
        unpack(packed(a_file("one", 6), a_file("two", 600)), tmp_path / "model")


def test_partly_unpacked_archive_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "model.partial").mkdir()
    (tmp_path / "model.partial" / "old").touch()

    unpack(packed(a_file("new")), tmp_path / "model")

    assert ["new"] == [path.name for path in (tmp_path / "model").iterdir()]
