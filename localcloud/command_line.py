"""The verbs of `python -m localcloud`."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from localcloud.api.state_files import UnreadableStateError
from localcloud.faults.client import Faults, FaultsOffError
from localcloud.lambda_runtime.installation import LambdaEnvironmentError, install
from localcloud.lambda_runtime.settings import RuntimeMissingError, UnsupportedSystemError
from localcloud.ministack.patch import PatchMismatchError
from localcloud.sagemaker.algorithms import InvalidEntryPointError
from localcloud.server import aws_cli, cloud
from localcloud.server.client_environment import client_environment, shell_commands
from localcloud.server.listener import DEFAULT_PORT, PortInUseError, PortNotAllowedError
from localcloud.server.ownership import (
    AlreadyRunningError,
    FolderNotUsableError,
    Record,
    StateNotSavedError,
    find,
)
from localcloud.server.serving import serve
from localcloud.server.settings import Folder, data_folder
from localcloud.server.state_format import IncompatibleStateError
from localcloud.server.status import describe
from untrusted.terminal import print_json, say, say_error

# What can go wrong in ways that a user can do something about; each says what.
_NAMED_ERRORS = (
    AlreadyRunningError,
    FaultsOffError,
    FolderNotUsableError,
    IncompatibleStateError,
    InvalidEntryPointError,
    LambdaEnvironmentError,
    PortInUseError,
    PortNotAllowedError,
    RuntimeMissingError,
    PatchMismatchError,
    StateNotSavedError,
    UnreadableStateError,
    UnsupportedSystemError,
    cloud.NotRunningError,
    cloud.StartFailedError,
)


def main(arguments: Sequence[str]) -> int:
    """Run one verb; return the exit status."""
    options = _parser().parse_args(arguments)
    folder = Folder(options.state_dir.resolve())
    try:
        return int(options.run(folder, options) or 0)
    except _NAMED_ERRORS as exc:
        say_error(exc)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud", description="AWS on this machine, for development."
    )
    verbs = parser.add_subparsers(required=True, metavar="up | down | status | env | prepare")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        default=Folder().path,
        help="folder for state and logs (.localcloud)",
    )

    up = verbs.add_parser("up", parents=[common], help="start the local cloud, until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="leave it running in the background")
    up.add_argument(
        "--port",
        type=_port,
        help=f"listen here (default: the port of the last start; at first {DEFAULT_PORT}, or a free port)",
    )
    up.add_argument(
        "--faults",
        action="store_true",
        help="let tests make things go wrong, by localcloud.faults.client",
    )
    up.add_argument("--stop-at-end-of-input", action="store_true", help=argparse.SUPPRESS)
    up.set_defaults(run=_up)
    verbs.add_parser("down", parents=[common], help="stop it; its state is kept").set_defaults(
        run=_down
    )
    verbs.add_parser(
        "status", parents=[common], help="what runs, and what is deployed"
    ).set_defaults(run=_status)
    env = verbs.add_parser(
        "env",
        parents=[common],
        help='variables for AWS clients: eval "$(python -m localcloud env)"',
    )
    env.add_argument("--json", action="store_true", help="as a JSON object, for programs")
    env.set_defaults(run=_env)
    prepare = verbs.add_parser(
        "prepare",
        parents=[common],
        help="install the environment of Lambda functions now, not with the first `up`",
    )
    prepare.set_defaults(run=_prepare)
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a port; ports are numbers from 0 (any free one) to 65535"
    )


def _up(folder: Folder, options: argparse.Namespace) -> None:
    record = find(folder)
    if record is not None:
        if options.port not in (None, record.port):
            raise AlreadyRunningError(
                f"The local cloud is up on port {record.port}; `python -m localcloud down` stops it."
            )
        if options.faults:
            Faults(record.url).report()
        say(f"The local cloud is already up at {record.url} (process {record.pid}).")
    elif options.detach:
        _announce(cloud.start(folder, options.port, faults=options.faults), folder, options)
    else:
        _prepare(folder, options)
        serve(
            folder,
            options.port,
            options.stop_at_end_of_input,
            lambda ready: _announce(ready, folder, options),
            options.faults,
        )
        say("The local cloud has stopped; its state is kept.")


def _announce(record: Record, folder: Folder, options: argparse.Namespace) -> None:
    moved = options.port is None and record.port != DEFAULT_PORT
    which = "" if folder == Folder() else f" --state-dir {shlex.quote(str(folder.path))}"
    stop = f"`python -m localcloud down{which}`" if options.detach else "Ctrl-C"
    say(
        f"The local cloud is up at {record.url}{f' (not on port {DEFAULT_PORT})' if moved else ''}."
    )
    say(f'  use:  eval "$(python -m localcloud env{which})"  and then aws, sam or any AWS SDK')
    say(f"  stop: {stop}")
    say(f"  log:  {folder.log}")


def _down(folder: Folder, _options: argparse.Namespace) -> None:
    record = cloud.stop(folder)
    if folder.unsaved.exists():
        raise StateNotSavedError(folder, f"the local cloud at {record.url} has stopped without it")
    say(f"The local cloud at {record.url} has stopped; its state is kept in {folder.state}.")


def _status(folder: Folder, _options: argparse.Namespace) -> int:
    record = find(folder)
    if record is None:
        say("The local cloud is down. Start it with `python -m localcloud up --detach`.")
        return 1
    say(f"The local cloud is up at {record.url} since {record.started_at} (process {record.pid}).")
    say(*describe(cloud.Cloud(record.url)))
    return 0


def _prepare(_folder: Folder, _options: argparse.Namespace) -> None:
    install(data_folder(), say)


def _env(folder: Folder, options: argparse.Namespace) -> None:
    if find(folder) is None:
        say("false")  # so that `eval "$(...)" && aws ...` stops here, and does not go on to AWS
    url = cloud.require(folder).url
    if options.json:
        print_json(client_environment(url))
    else:
        say(*shell_commands(url).split("\n"))
    if problem := aws_cli.warning(os.environ):
        say(problem, file=sys.stderr)
