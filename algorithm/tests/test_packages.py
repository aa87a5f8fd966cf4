"""Unpack the packages of a source archive."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import pytest

from algorithm.packages import (
    OtherPythonError,
    TamperedSourceError,
    bring_packages,
    require_digest,
)

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def source(folder: Path, python: str = RUNNING) -> Path:
    """Make a source with a wheel of one module."""
    wheel = folder / "wheels" / "brought-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("brought_module.py", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    listed = {"python": python, "sha256": {wheel.name: digest}}
    wheel.with_name("wheels.json").write_text(json.dumps(listed))
    return folder


def test_packages_come_before_those_of_the_container(tmp_path: Path) -> None:
    bring_packages(source(tmp_path))

    assert str(tmp_path / "packages") == sys.path[0]
    assert (tmp_path / "packages/brought_module.py").exists()


def test_packages_are_unpacked_elsewhere_if_the_model_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)

    bring_packages(source(tmp_path))

    assert not (tmp_path / "packages").exists()
    assert (Path(sys.path[0]) / "brought_module.py").exists()


def test_packages_are_unpacked_once(tmp_path: Path) -> None:
    bring_packages(source(tmp_path))
    (tmp_path / "wheels/brought-1.0-py3-none-any.whl").unlink()

    bring_packages(tmp_path)

    assert 1 == sys.path.count(str(tmp_path / "packages"))


def test_installed_distribution_brings_nothing(tmp_path: Path) -> None:
    before = list(sys.path)
    bring_packages(tmp_path)
    assert before == sys.path


def test_wheels_for_another_python_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OtherPythonError, match=r"they are for 3\.9"):
        bring_packages(source(tmp_path, python="3.9"))


def test_changed_wheel_is_an_error(tmp_path: Path) -> None:
    (source(tmp_path) / "wheels/brought-1.0-py3-none-any.whl").write_bytes(b"other")
    with pytest.raises(TamperedSourceError, match="has another sha256"):
        bring_packages(tmp_path)
    assert not (tmp_path / "packages").exists()


def test_missing_wheel_is_an_error(tmp_path: Path) -> None:
    (source(tmp_path) / "wheels/brought-1.0-py3-none-any.whl").unlink()
    with pytest.raises(TamperedSourceError, match="is missing"):
        bring_packages(tmp_path)


def test_archive_with_another_digest_is_an_error(tmp_path: Path) -> None:
    archive = tmp_path / "sourcedir.tar.gz"
    archive.write_bytes(b"packed")
    require_digest(archive, hashlib.sha256(b"packed").hexdigest())
    with pytest.raises(TamperedSourceError, match="was uploaded"):
        require_digest(archive, "0" * 64)
