"""Run a command-line program on a local cloud: expected errors, interrupts, exit status."""

import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from examples.demo.errors import DemoError
from localcloud.server import cloud
from localcloud.server.ownership import FolderNotUsableError
from untrusted.closed_output import end_quietly
from untrusted.terminal import say_error, show_traceback

ERRORS: tuple[type[Exception], ...] = (
    DemoError,
    FolderNotUsableError,
    cloud.NotRunningError,
    cloud.StartFailedError,
)


def exit_status(command: Callable[[], int], *errors: type[Exception]) -> int:
    """Run a command and return its exit status; print an expected error and return 1.

    Args:
        command: The program's work; it returns the exit status.
        *errors: Errors to expect in addition to `ERRORS`.
    """
    try:
        return command()
    except (*ERRORS, *errors) as exc:
        say_error(exc)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def run_and_exit(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Run a program with the arguments of the command line, and exit with its status."""
    sys.excepthook = show_traceback
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
