"""The verbs of `python -m local`."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from local.demo.errors import DemoError
from local.faults.client import Faults, FaultsOffError
from local.lambda_runtime.settings import RuntimeMissingError, UnsupportedSystemError
from local.ministack.seam import SeamMovedError
from local.sagemaker.api.store import UnreadableStateError
from local.server import aws_cli, cloud
from local.server.client_environment import client_environment, shell_commands
from local.server.listener import DEFAULT_PORT, PortInUseError, PortNotAllowedError
from local.server.ownership import (
    AlreadyRunningError,
    FolderNotUsableError,
    Record,
    StateNotSavedError,
    find,
)
from local.server.serving import serve
from local.server.settings import ROOT, Folder
from local.server.state_format import IncompatibleStateError
from local.server.status import describe
from local.soak.errors import SoakError
from untrusted.terminal import print_json, say, say_error

# What can go wrong in ways that a user can do something about; each says what.
_NAMED_ERRORS = (
    AlreadyRunningError,
    DemoError,
    FaultsOffError,
    FolderNotUsableError,
    IncompatibleStateError,
    PortInUseError,
    PortNotAllowedError,
    RuntimeMissingError,
    SeamMovedError,
    SoakError,
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
    parser = argparse.ArgumentParser(prog="python -m local", description="AWS on this machine, for development.")
    verbs = parser.add_subparsers(required=True, metavar="up | down | status | env | demo | soak")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state-dir", type=Path, default=Folder().path, help="folder for state and logs (.local)")

    up = verbs.add_parser("up", parents=[common], help="start the local cloud, until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="leave it running in the background")
    up.add_argument(
        "--port",
        type=_port,
        help=f"listen here (default: the port of the last start; at first {DEFAULT_PORT}, or a free port)",
    )
    up.add_argument("--faults", action="store_true", help="let tests make things go wrong, by local.faults.client")
    up.add_argument("--stop-at-end-of-input", action="store_true", help=argparse.SUPPRESS)
    up.set_defaults(run=_up)
    verbs.add_parser("down", parents=[common], help="stop it; its state is kept").set_defaults(run=_down)
    verbs.add_parser("status", parents=[common], help="what runs, and what is deployed").set_defaults(run=_status)
    env = verbs.add_parser("env", parents=[common], help='variables for AWS clients: eval "$(python -m local env)"')
    env.add_argument("--json", action="store_true", help="as a JSON object, for programs")
    env.set_defaults(run=_env)
    verbs.add_parser("demo", parents=[common], help="the main job, end to end").set_defaults(run=_demo)
    soak = verbs.add_parser("soak", help="thousands of uploads while everything goes wrong, and a count that balances")
    soak.add_argument("--uploads", type=int, default=10_000, help="how many (%(default)s)")
    soak.add_argument("--seed", type=int, default=1, help="uploads and faults follow from it (%(default)s)")
    soak.add_argument("--no-faults", dest="faults", action="store_false", help="the same uploads, for comparison")
    soak.add_argument(
        "--deliveries", type=int, default=0, metavar="KEYS", help="deliver events of so many keys 5 times"
    )
    soak.add_argument("--hostile", type=Path, metavar="FOLDER", help="its files are a tenth of the uploads")
    soak.add_argument("--json", type=Path, metavar="FILE", help="write the verdict here")
    soak.set_defaults(run=_soak, state_dir=ROOT / "build/soak")  # a cloud of its own, gone at the end
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; ports are numbers from 0 (any free one) to 65535")


def _up(folder: Folder, options: argparse.Namespace) -> None:
    record = find(folder)
    if record is not None:
        if options.port not in (None, record.port):
            raise AlreadyRunningError(f"The local cloud is up on port {record.port}; `python -m local down` stops it.")
        if options.faults:
            Faults(record.url).report()
        say(f"The local cloud is already up at {record.url} (process {record.pid}).")
    elif options.detach:
        _announce(cloud.start(folder, options.port, faults=options.faults), folder, options)
    else:
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
    stop = f"`python -m local down{which}`" if options.detach else "Ctrl-C"
    say(f"The local cloud is up at {record.url}{f' (not on port {DEFAULT_PORT})' if moved else ''}.")
    say(f'  use:  eval "$(python -m local env{which})"  and then aws, sam or any AWS SDK')
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
        say("The local cloud is down. Start it with `python -m local up --detach`.")
        return 1
    say(f"The local cloud is up at {record.url} since {record.started_at} (process {record.pid}).")
    say(*describe(cloud.Cloud(record.url)))
    return 0


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


def _demo(folder: Folder, _options: argparse.Namespace) -> int:
    from local.demo.prerequisites import require_space, require_tools
    from local.demo.run import run  # it trains a model and draws pages: not for the other verbs

    require_tools(os.environ)
    require_space(folder.path, ROOT)
    record = find(folder) or cloud.start(folder, None)
    return run(cloud.Cloud(record.url), folder.path)


def _soak(folder: Folder, options: argparse.Namespace) -> int:
    from local.soak.run import Order, run  # for the same reason

    order = Order(options.uploads, options.seed, options.faults, options.deliveries, options.json, options.hostile)
    return run(order, folder.path)
