"""The command line: help, and nothing heavy before it."""

import subprocess
import sys
from pathlib import Path

import pytest

from operations.command_line import COMMANDS, main

ROOT = Path(__file__).parents[3]


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert 0 == ended.value.code
        assert "--stack" in capsys.readouterr().out


def test_backlog_of_nothing_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["backlog"])
    assert 2 == ended.value.code
    assert "--prefix" in capsys.readouterr().err


def test_endpoint_that_is_not_a_url_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert 1 == main(["reconcile"])
    assert capsys.readouterr().err.startswith("UnreachableError: AWS_ENDPOINT_URL is 'nonsense'")


def test_tool_can_be_started_as_a_module() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "operations", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "redrive | reconcile | backlog" in shown.stdout
