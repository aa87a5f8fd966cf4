"""A tool whose output nobody reads any more ends without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _unread(*command: str) -> tuple[int, str]:
    """Run Python with a standard output that nobody reads; return its status and what it printed as errors."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, *command], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False, text=True
        )
    finally:
        os.close(writer)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["localcloud", "status", "--state-dir", "build/no-such-folder"],
        ["training", "status", "--json", "--region", "no region"],
        ["operations", "reconcile", "--json", "--region", "no region"],
    ],
)
def test_tool_whose_output_nobody_reads_ends_without_a_traceback(command: list[str]) -> None:
    status, errors = _unread("-m", *command)
    assert 141 == status, errors
    assert "Traceback" not in errors
    assert "BrokenPipeError" not in errors
