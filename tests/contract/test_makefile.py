"""The Makefile on a machine that lacks what it needs."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make setup` reads, and no environments."""
    for name in ("Makefile", ".python-version", "requirements"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "-C", folder, *arguments], capture_output=True, text=True, check=False
    )


def test_python_of_another_version_is_named_with_what_to_do(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.11.9 && exit 0\nexit 1\n')
    old.chmod(0o755)
    ended = make(checkout, "setup", f"PYTHON={old}")
    assert 0 != ended.returncode
    assert f"Python 3.13 is needed and '{old}' is not it (Python 3.11.9)." in ended.stdout
    assert "make PYTHON=/path/to/python3.13" in ended.stdout


def test_missing_python_leaves_no_half_made_environment(checkout: Path) -> None:
    ended = make(checkout, "setup", "PYTHON=no-such-python")
    assert 0 != ended.returncode
    assert "Python 3.13 is needed" in ended.stdout
    assert not (checkout / ".venv").exists()


def test_help_names_the_two_commands_of_the_readme(checkout: Path) -> None:
    assert {"make demo", "make test"} == {
        line.split("  ")[1].strip()
        for line in make(checkout).stdout.splitlines()
        if line.startswith(("  make demo", "  make test"))
    }
