"""Provide a folder for unpacking hostile archives."""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for all tests, so that archives with its path are made once."""
    return tmp_path_factory.mktemp("archives")


@pytest.fixture
def sandbox(base: Path) -> Iterator[Path]:
    """Return a folder with a victim file beside the target folder."""
    (base / "victim").mkdir()
    (base / "victim/secret").write_text("secret")
    (base / "place").mkdir()
    yield base
    for path in base.iterdir():
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink()
