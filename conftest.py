"""Provide every test with the project's tools on PATH, with Ctrl-C, and with lines to print.

A test prints a line at the end of the run with `record_property("shown", line)`.
"""

import gc
import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# The first folder holds sam, cfn-lint and the functions' Python; the second one holds aws.
TOOLS = (ROOT / ".venv/bin", ROOT / ".venv-aws/bin")


def pytest_configure() -> None:
    """Prepare this process and its children for tests.

    Make, an IDE or a background job of a shell may have started this process.
    """
    put_tools_on_path()
    receive_interrupts()


def put_tools_on_path() -> None:
    """Put the folders of the project's tools before everything else on PATH."""
    others = [
        folder
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if Path(folder) not in TOOLS
    ]
    os.environ["PATH"] = os.pathsep.join([*map(str, TOOLS), *others])


def receive_interrupts() -> None:
    """Raise KeyboardInterrupt on SIGINT, also where this process inherited the signal as ignored.

    A shell without job control starts its background jobs that way (POSIX, "Shell Command
    Language", 2.12), and every child inherits it. A test that interrupts a child would wait for
    the child forever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave out what lives to the end of the run: modules and tests."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines that tests recorded, of those that failed as well."""
    for reports in (terminalreporter.getreports("passed"), terminalreporter.getreports("failed")):
        for report in reports:
            for name, line in report.user_properties:
                if name == "shown" and report.when == "call":
                    terminalreporter.write_line(str(line))
