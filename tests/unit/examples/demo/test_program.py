"""Check the exit statuses of programs on a local cloud."""

import pytest

from examples.demo.errors import DiskFullError
from examples.demo.program import exit_status


def raise_error(error: BaseException) -> int:
    raise error


def test_status_of_the_command_is_the_exit_status() -> None:
    assert 3 == exit_status(lambda: 3)


def test_expected_error_is_printed_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == exit_status(lambda: raise_error(DiskFullError("The disk is full.")))
    assert "The disk is full.\n" == capsys.readouterr().err


def test_program_can_expect_more_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == exit_status(lambda: raise_error(ValueError("No seed.")), ValueError)
    assert "No seed.\n" == capsys.readouterr().err


def test_unexpected_error_is_raised() -> None:
    with pytest.raises(ValueError, match="No seed"):
        exit_status(lambda: raise_error(ValueError("No seed.")))


def test_interrupt_has_the_status_of_the_signal() -> None:
    assert 130 == exit_status(lambda: raise_error(KeyboardInterrupt()))
