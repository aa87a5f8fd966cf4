"""A command whose output nobody reads any more ends without a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# More than a pipe holds, so that it breaks while the command is at work.
LONG = "print('x' * 1_000_000)"
ELSEWHERE = "raise BrokenPipeError('of a socket')"
SCRIPT = "import sys; from untrusted.closed_output import end_quietly\ndef run(): {body}\nsys.exit(end_quietly(run))"


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


@pytest.mark.parametrize("body", [LONG, "print('x'); raise SystemExit(0)"])
def test_output_that_breaks_early_or_late_ends_quietly(body: str) -> None:
    assert (141, "") == _unread("-c", SCRIPT.format(body=body))


def test_another_broken_pipe_is_not_hidden() -> None:
    command = ["-c", SCRIPT.format(body=ELSEWHERE)]
    ended = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, check=False, text=True)
    assert 1 == ended.returncode
    assert "BrokenPipeError: of a socket" in ended.stderr
