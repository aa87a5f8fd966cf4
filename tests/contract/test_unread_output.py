"""A tool whose output nobody reads any more ends without a traceback."""

import pytest

from untrusted.tests.unread_output import unread


@pytest.mark.parametrize(
    "command",
    [
        ["localcloud", "status", "--state-dir", "build/no-such-folder"],
        ["training", "status", "--json", "--region", "no region"],
        ["operations", "reconcile", "--json", "--region", "no region"],
        ["operations", "check", "--permissions", "--region", "us-east-1"],
        ["scones", "check", "--permissions", "--json", "--region", "us-east-1"],
        ["scones", "status", "--json", "--region", "no region"],
        ["scones", "completion", "bash"],
        ["scones", "--version"],
        ["scones", "local", "status", "--state-dir", "build/no-such-folder"],
    ],
)
def test_tool_whose_output_nobody_reads_ends_without_a_traceback(command: list[str]) -> None:
    status, errors = unread("-m", *command)
    assert 141 == status, errors
    assert "Traceback" not in errors
    assert "BrokenPipeError" not in errors
