"""Pack the algorithm for a container."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from tests.security.supply_chain.lock_files import pins
from training.jobs import source_archive
from training.jobs.source_archive import WHEELS, SourceArchive, WheelsMissingError, pack

ROOT = Path(__file__).parents[4]


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel that was downloaded."""
    monkeypatch.setattr(source_archive, "ROOT_OF_WHEELS", tmp_path)
    folder = source_archive.wheels_folder()
    folder.mkdir(parents=True)
    (folder / "pillow-cp312.whl").write_bytes(b"wheel")
    (folder / ".complete").touch()
    pack.cache_clear()
    return folder


def contents(archive: SourceArchive) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive.content), mode="r:gz") as tar:
        opened = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: file.read() for name, file in opened.items() if file}


def test_archive_has_the_script_the_backbone_and_the_wheels(wheels: Path) -> None:
    found = contents(pack())

    assert b"from algorithm.script_training import main\n\nmain()\n" == found["train.py"]
    assert (ROOT / "algorithm/backbone.onnx").read_bytes() == found["algorithm/backbone.onnx"]
    assert {"inference.py", "pyproject.toml", "untrusted/zip.py"} <= found.keys()
    listed = {"pillow-cp312.whl": hashlib.sha256(b"wheel").hexdigest()}
    assert {"python": "3.12", "sha256": listed} == json.loads(found["wheels/wheels.json"])


def test_archive_has_no_tests(wheels: Path) -> None:
    assert [] == [name for name in contents(pack()) if "tests" in name or "__pycache__" in name]


def test_same_files_give_the_same_archive(wheels: Path) -> None:
    first = pack()
    pack.cache_clear()
    assert first == pack()


def test_archive_is_uploaded_under_its_digest() -> None:
    archive = SourceArchive(b"packed", "d1")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="photos")

        archive.upload(s3, "photos")
        archive.upload(s3, "photos")

        key = "algorithm/d1/sourcedir.tar.gz"
        assert b"packed" == s3.get_object(Bucket="photos", Key=key)["Body"].read()
    assert "s3://photos/algorithm/d1/" == archive.url("photos")


def test_failed_download_is_an_error_with_the_words_of_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_archive, "ROOT_OF_WHEELS", tmp_path)
    pack.cache_clear()
    failed = SimpleNamespace(returncode=1, stderr="ERROR: No matching distribution\n")
    monkeypatch.setattr(source_archive, "subprocess", SimpleNamespace(run=lambda *_, **__: failed))

    with pytest.raises(WheelsMissingError, match="No matching distribution"):
        pack()


def test_wheels_have_the_versions_of_the_laptop() -> None:
    locked = {pin.name: pin.version for pin in pins((ROOT / "requirements/dev.txt").read_text())}
    wanted = {pin.name: pin.version for pin in pins(WHEELS.read_text())}
    assert wanted == {name: locked[name] for name in wanted}
