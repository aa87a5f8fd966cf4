"""What the command line tools have in common: options, exit statuses, errors as sentences."""

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli import aws
from cli.errors import CommandError
from untrusted.terminal import print_json, say, say_error


@dataclass(frozen=True)
class Result:
    """What a command found or did, for --json, and its exit status."""

    data: dict[str, Any]
    status: int = 0


def add_account_arguments(parser: "argparse._ActionsContainer") -> None:
    """Add --region and --json."""
    parser.add_argument("--region", help="AWS region (default: as for any AWS client)")
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, everything else on stderr"
    )


def conclude(command: Callable[[], Result], as_json: bool, interrupted: str) -> int:
    """Carry a command out; return the exit status: its own (0 is well) or its error's (1), 130 interrupted."""
    try:
        result = command()
    except (CommandError, ClientError, BotoCoreError) as exc:
        error = exc if isinstance(exc, CommandError) else aws.explain(exc)
        say_error(error, named=True)
        if as_json:
            print_json(
                {**error.data, "error": {"type": type(error).__name__, "message": str(error)}}
            )
        return error.status
    except KeyboardInterrupt:
        say("", f"Interrupted. {interrupted}", file=sys.stderr)
        return 128 + signal.SIGINT
    if as_json:
        print_json(result.data)
    return result.status
