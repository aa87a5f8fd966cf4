"""What tests counted stands at the end of the run: `record_property("shown", line)` in a test."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines that tests recorded, of those that failed as well."""
    for reports in (terminalreporter.getreports("passed"), terminalreporter.getreports("failed")):
        for report in reports:
            for name, line in report.user_properties:
                if name == "shown" and report.when == "call":
                    terminalreporter.write_line(str(line))
