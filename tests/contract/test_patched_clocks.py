"""No test replaces the clock or the sleep of the whole process, which threads in the background use as well."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_ALL = re.compile(r"""(setattr\(\s*(["']([\w.]+\.)?time\.|([\w.]+\.)?time, )|\bpatch\(["']([\w.]+\.)?time\.)""")


def test_no_test_replaces_the_clock_for_everybody() -> None:
    command = ["git", "grep", "--null", "-E", "setattr|patch\\(", "--", "*/test*.py", "*/conftest.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    lines = [line.split("\0", 1) for line in listed]
    assert [] == [
        (path, line) for path, line in lines if OF_ALL.search(line) and not path.endswith("patched_clocks.py")
    ]


@pytest.mark.parametrize(
    "line",
    [
        'monkeypatch.setattr("time.sleep", slept.append)',
        'monkeypatch.setattr(time, "sleep", interrupt)',
        'monkeypatch.setattr("cli.polling.time.sleep", none)',
        'monkeypatch.setattr(stepfunctions.time, "sleep", slept.append)',
    ],
)
def test_clock_of_everybody_is_found(line: str) -> None:
    assert OF_ALL.search(line)


@pytest.mark.parametrize("line", ['setattr("cli.polling.sleep", none)', 'setattr("botocore.waiter.time", Namespace())'])
def test_name_of_one_module_is_left_alone(line: str) -> None:
    assert not OF_ALL.search(line)
