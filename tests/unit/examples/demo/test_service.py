"""Check how the demo runs SAM CLI: missing, failing, and for this machine's processor."""

from pathlib import Path

import pytest

from examples.demo.errors import MissingToolError, SamError
from examples.demo.service import build
from localcloud.lambda_runtime.settings import ARCHITECTURE


def stand_in_for_sam(folder: Path, script: str) -> dict[str, str]:
    """Return an environment with a `sam` and a `python3.13` that run a shell script."""
    for name in ("sam", "python3.13"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_missing_sam_is_reported_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(
        MissingToolError, match=r"sam, python3\.13 are not on PATH\. Run `make setup`"
    ):
        build(tmp_path / "build.log", {"PATH": str(tmp_path)})


def test_error_of_sam_has_the_end_of_its_output_and_the_log(tmp_path: Path) -> None:
    environment = stand_in_for_sam(tmp_path, "echo Template is broken >&2; exit 1")
    with pytest.raises(SamError, match=r"`sam build` failed:\nTemplate is broken\n.*build\.log"):
        build(tmp_path / "build.log", environment)


def test_build_is_for_this_machines_processor(tmp_path: Path) -> None:
    build(tmp_path / "build.log", stand_in_for_sam(tmp_path, 'echo "$@"'))
    assert f"Architecture={ARCHITECTURE}" in (tmp_path / "build.log").read_text()
