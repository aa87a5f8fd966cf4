"""Run Python with an unread output."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def unread(*command: str) -> tuple[int, str]:
    """Run Python with an unread standard output; return its status and its standard error."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    finally:
        os.close(writer)
    return ended.returncode, ended.stderr
