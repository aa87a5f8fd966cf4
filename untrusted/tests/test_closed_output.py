"""A command ends without a traceback when the reader of its output ends first."""

import subprocess
import sys

import pytest

from untrusted.tests.unread_output import ROOT, unread

# More than a pipe can buffer, so that it breaks while the command runs.
LONG = "print('x' * 1_000_000)"
ELSEWHERE = "raise BrokenPipeError('of a socket')"
SCRIPT = """import sys
from untrusted.closed_output import end_quietly
def run(): {body}
sys.exit(end_quietly(run))
"""


@pytest.mark.parametrize("body", [LONG, "print('x'); raise SystemExit(0)"])
def test_output_that_breaks_early_or_late_ends_quietly(body: str) -> None:
    assert (141, "") == unread("-c", SCRIPT.format(body=body))


def test_another_broken_pipe_is_not_hidden() -> None:
    command = ["-c", SCRIPT.format(body=ELSEWHERE)]
    ended = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert 1 == ended.returncode
    assert "BrokenPipeError: of a socket" in ended.stderr
