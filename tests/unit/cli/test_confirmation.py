"""Asking before something is started."""

import argparse
import io

import pytest

from cli.confirmation import ConfirmationMissingError, confirmed
from cli.console import make_console
from untrusted.console import Console


class Terminal(io.StringIO):
    """A terminal at which a person types."""

    def isatty(self) -> bool:
        return True


def ask(
    monkeypatch: pytest.MonkeyPatch,
    stdin: io.StringIO,
    *,
    yes: bool = False,
    json: bool = False,
    dry_run: bool = False,
) -> bool:
    options = argparse.Namespace(yes=yes, json=json, dry_run=dry_run)
    monkeypatch.setattr("sys.stdin", stdin)
    return confirmed(Console(file=io.StringIO()), options, "Start?")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), (" Yes \n", True), ("n\n", False), ("\n", False), ("", False)],
)
def test_only_yes_at_the_terminal_confirms(
    monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool
) -> None:
    assert answer == ask(monkeypatch, Terminal(typed))


def test_yes_option_confirms_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, io.StringIO(), yes=True, json=True)


@pytest.mark.parametrize(("stdin", "json"), [(io.StringIO("y\n"), False), (Terminal("y\n"), True)])
def test_command_refuses_where_nobody_can_answer(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, json: bool
) -> None:
    with pytest.raises(ConfirmationMissingError, match="--yes") as caught:
        ask(monkeypatch, stdin, json=json)
    assert 2 == caught.value.status


def test_dry_run_is_never_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not ask(monkeypatch, Terminal("y\n"), yes=True, dry_run=True)


def test_quiet_console_cannot_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    options = argparse.Namespace(yes=False, json=False, dry_run=False)
    with pytest.raises(ConfirmationMissingError):
        confirmed(make_console(as_json=False, quiet=True), options, "Start?")
