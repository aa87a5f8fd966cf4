"""Check that the demo tests its prerequisites before it starts a cloud or trains."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from examples.demo.__main__ import main
from examples.demo.errors import DiskFullError, MissingToolError
from examples.demo.prerequisites import TOOLS, require_space, require_tools


@pytest.fixture
def put_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make these programs the only ones on PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def put(*names: str) -> None:
        for name in names:
            program = tmp_path / "bin" / name
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)

    return put


@pytest.mark.parametrize("missing", TOOLS)
def test_demo_names_a_missing_tool_before_it_starts_anything(
    missing: str, put_tools: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_tools(*(tool for tool in TOOLS if tool != missing))
    assert 1 == main(["--state-dir", str(tmp_path / "cloud")])
    assert capsys.readouterr().err.startswith(f"{missing} is not on PATH. Run `make setup`")
    assert not (tmp_path / "cloud").exists()


def test_all_missing_tools_are_named_at_once() -> None:
    with pytest.raises(MissingToolError, match=r"sam, python3\.13 are not on PATH"):
        require_tools({})


def test_demo_names_a_full_disk_before_it_starts_anything(
    put_tools: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put_tools(*TOOLS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=12_000_000))
    assert 1 == main(["--state-dir", str(tmp_path / "cloud")])
    assert (
        "cloud has 12 MB of free disk space, and the demo needs 450 MB" in capsys.readouterr().err
    )
    assert not (tmp_path / "cloud").exists()


def test_space_of_a_missing_folder_is_that_of_its_parent(tmp_path: Path) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=0)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shutil, "disk_usage", usage)
        with pytest.raises(DiskFullError):
            require_space(tmp_path / "a" / "b")
    assert [tmp_path] == asked
