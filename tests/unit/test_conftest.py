"""Check the preparation of every test run: tools are on PATH, and interrupts are received."""

import os
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT, put_tools_on_path

INTERRUPTED = """
import signal, subprocess, sys
from conftest import pytest_configure

pytest_configure()
child = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('ignored')"
ended = subprocess.run([sys.executable, "-c", child], capture_output=True)
sys.exit(ended.returncode != -signal.SIGINT)
"""


@pytest.mark.parametrize("tool", ["aws", "cfn-lint", "python3.13", "sam"])
def test_tools_are_found_without_a_path(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    put_tools_on_path()
    assert str(ROOT) == os.path.commonpath([ROOT, str(shutil.which(tool))])


def test_tools_come_first_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"/nowhere:{ROOT / '.venv/bin'}")
    put_tools_on_path()
    assert f"{ROOT / '.venv/bin'}:{ROOT / '.venv-aws/bin'}:/nowhere" == os.environ["PATH"]


def test_child_of_a_test_run_in_the_background_is_interrupted() -> None:
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", INTERRUPTED]
    assert 0 == subprocess.run(command, cwd=ROOT, check=False).returncode
