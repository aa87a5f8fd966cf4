"""Carry commands out: exit statuses, errors as sentences, and what all command lines share."""

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli import aws
from cli.debugging import log_requests, show_error_traceback
from cli.errors import CommandError
from untrusted.terminal import print_json, say, say_error


@dataclass(frozen=True)
class Result:
    """Hold the data of a command, for --json, and its exit status."""

    data: dict[str, Any]
    status: int = 0


def conclude(command: Callable[[], Result], options: argparse.Namespace, interrupted: str) -> int:
    """Run a command, and return the exit status: its own, 1 or an error's own, or 130.

    Args:
        command: The command. 0 is its status when all is well.
        options: The global options --json and --debug.
        interrupted: A sentence about how to continue after an interruption.
    """
    if options.debug:
        log_requests()
    try:
        result = command()
    except (CommandError, ClientError, BotoCoreError) as exc:
        if options.debug:
            show_error_traceback(exc)
        error = exc if isinstance(exc, CommandError) else aws.explain(exc)
        say_error(error, named=True)
        if options.json:
            print_json(
                {**error.data, "error": {"type": type(error).__name__, "message": str(error)}}
            )
        return error.status
    except KeyboardInterrupt:
        say("", f"Interrupted. {interrupted}", file=sys.stderr)
        return 128 + signal.SIGINT

    if options.json:
        print_json(result.data)
    return result.status
