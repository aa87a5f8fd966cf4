"""A place to unpack hostile archives in."""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place for all tests, so that the archives that name it are made once."""
    return tmp_path_factory.mktemp("archives")


@pytest.fixture
def sandbox(base: Path) -> Iterator[Path]:
    """A folder with a victim beside the place to unpack in."""
    (base / "victim").mkdir()
    (base / "victim/secret").write_text("secret")
    (base / "place").mkdir()
    yield base
    for path in base.iterdir():
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink()
