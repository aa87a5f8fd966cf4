"""Asking before something is started."""

import argparse
import io

import pytest

from cli.confirmation import confirmed
from untrusted.console import Console


class Terminal(io.StringIO):
    """A terminal at which a person types."""

    def isatty(self) -> bool:
        return True


def ask(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, *, yes: bool = False, json: bool = False
) -> bool:
    monkeypatch.setattr("sys.stdin", stdin)
    return confirmed(Console(file=io.StringIO()), argparse.Namespace(yes=yes, json=json), "Start?")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), (" Yes \n", True), ("n\n", False), ("\n", False), ("", False)],
)
def test_a_person_is_asked_and_only_yes_is_yes(
    monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool
) -> None:
    assert answer == ask(monkeypatch, Terminal(typed))


def test_nobody_is_asked_where_yes_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, io.StringIO(), yes=True, json=True)


@pytest.mark.parametrize(("stdin", "json"), [(io.StringIO("y\n"), False), (Terminal("y\n"), True)])
def test_where_nobody_can_answer_nothing_is_started(
    monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, json: bool
) -> None:
    assert not ask(monkeypatch, stdin, json=json)
