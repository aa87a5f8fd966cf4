"""Rules for tests: none replaces the clock of everybody, none compares tuples of unlike things."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_ALL = re.compile(
    r"""(setattr\(\s*(["']([\w.]+\.)?time\.|([\w.]+\.)?time, )|\bpatch\(["']([\w.]+\.)?time\.)"""
)
PAIR = re.compile(r"assert \(.+, .+\) == \(.+, .+\)")
COORDINATES = re.compile(r"\(\d+, \d+\) == \(.+\.width, .+\.height\)")  # a pair that is one thing


def test_no_test_replaces_the_clock_for_everybody() -> None:
    # Threads in the background, such as those of MiniStack, use it as well.
    assert [] == [line for line in lines_of_tests(r"setattr|patch\(") if OF_ALL.search(line)]


def test_no_test_compares_tuples_of_unlike_things() -> None:
    # The first difference would hide the others.
    found = [line for line in lines_of_tests(r"assert \(") if PAIR.search(line)]
    assert [] == [line for line in found if not COORDINATES.search(line)]


def lines_of_tests(pattern: str) -> list[str]:
    """Return lines of Python files that match a pattern of git, with their place."""
    command = [
        "git",
        "grep",
        "--line-number",
        "-E",
        pattern,
        "--",
        "*.py",
        f":!{Path(__file__).relative_to(ROOT)}",
    ]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()


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


@pytest.mark.parametrize(
    "line", ['setattr("cli.polling.sleep", none)', 'setattr("botocore.waiter.time", Namespace())']
)
def test_name_of_one_module_is_left_alone(line: str) -> None:
    assert not OF_ALL.search(line)


@pytest.mark.parametrize(
    "line", ['assert (0, "") == (ended.returncode, ended.stderr)', "assert (a, b) == (1, 2)"]
)
def test_tuples_of_unlike_things_are_found(line: str) -> None:
    assert PAIR.search(line)
    assert not COORDINATES.search(line)


def test_pair_of_coordinates_is_left_alone() -> None:
    assert COORDINATES.search("assert (48, 64) == (prepared.width, prepared.height)")
