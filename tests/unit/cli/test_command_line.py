"""The exit statuses that the command line tools have in common."""

import argparse
import json

import pytest
from botocore.exceptions import NoCredentialsError

from cli.command_line import Result, conclude
from cli.console import make_console
from cli.errors import CommandError

JSON = argparse.Namespace(json=True, debug=False)
TEXT = argparse.Namespace(json=False, debug=False)


class BrokenError(CommandError):
    """It is broken."""


class FoundError(CommandError):
    """Something was found."""

    status = 3


def ends_with(error: BaseException) -> Result:
    raise error


def test_a_command_decides_its_own_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == conclude(lambda: Result({"balanced": False}, status=1), JSON, "")
    assert {"balanced": False} == json.loads(capsys.readouterr().out)


def test_without_json_nothing_more_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert 0 == conclude(lambda: Result({"a": 1}), TEXT, "")
    assert "" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "told"),
    [(BrokenError(), "BrokenError: It is broken."), (NoCredentialsError(), "CredentialsError: ")],
)
def test_error_is_printed_as_a_sentence_and_as_json(
    capsys: pytest.CaptureFixture[str], error: Exception, told: str
) -> None:
    assert 1 == conclude(lambda: ends_with(error), JSON, "")
    shown = capsys.readouterr()
    assert shown.err.startswith(told)
    assert json.loads(shown.out)["error"]["type"] == told.split(":")[0]


def test_an_error_may_have_a_status_and_data_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    error = FoundError()
    error.data = {"found": 7}
    assert 3 == conclude(lambda: ends_with(error), JSON, "")
    assert {
        "found": 7,
        "error": {"type": "FoundError", "message": "Something was found."},
    } == json.loads(capsys.readouterr().out)


def test_interruption_says_how_to_continue(capsys: pytest.CaptureFixture[str]) -> None:
    assert 130 == conclude(lambda: ends_with(KeyboardInterrupt()), TEXT, "Run it again.")
    assert "\nInterrupted. Run it again.\n" == capsys.readouterr().err


def test_debug_shows_the_traceback_of_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.command_line.log_requests", lambda: None)
    debug = argparse.Namespace(json=False, debug=True)
    assert 1 == conclude(lambda: ends_with(BrokenError()), debug, "")
    shown = capsys.readouterr().err
    assert "in ends_with" in shown
    assert shown.endswith("BrokenError: It is broken.\n")


def test_quiet_console_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    make_console(as_json=False, quiet=True).print("Deleting the endpoint")
    shown = capsys.readouterr()
    assert "" == shown.out + shown.err
