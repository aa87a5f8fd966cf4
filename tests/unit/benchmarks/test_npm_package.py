from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.npm_package import NpmPackage, NpmPackageError, digest
from untrusted.console import Console

PACKAGE = NpmPackage("@scope/photos", "1.2.3", "0" * 64, megabytes=1)
ARCHIVE = "scope-photos-1.2.3.tgz"


def npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace npm with a shell script."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def archive(package: NpmPackage, folder: Path) -> Path:
    return package.archive(folder, Console(quiet=True))


def test_package_without_npm_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NpmPackageError, match="npm is needed"):
        archive(PACKAGE, tmp_path)


def test_failed_fetch_reports_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(tmp_path, "echo 'npm error network' >&2\nexit 1", monkeypatch)
    with pytest.raises(NpmPackageError, match=r"is there a network\? \(npm error network\)"):
        archive(PACKAGE, tmp_path / "package")


def test_package_with_another_digest_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(tmp_path, f"echo another > {ARCHIVE}", monkeypatch)
    with pytest.raises(NpmPackageError, match="is not the published @scope/photos@"):
        archive(PACKAGE, tmp_path / "package")


def test_fetched_package_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / ARCHIVE).write_text("the one")
    found = archive(replace(PACKAGE, sha256=digest(tmp_path / ARCHIVE)), tmp_path)
    assert tmp_path / ARCHIVE == found
