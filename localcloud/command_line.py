"""Run the commands of `python -m localcloud`."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path

from localcloud.api.state_files import UnreadableStateError
from localcloud.faults.client import Faults, FaultsOffError
from localcloud.lambda_runtime.installation import LambdaEnvironmentError, install
from localcloud.lambda_runtime.settings import RuntimeMissingError, UnsupportedSystemError
from localcloud.ministack.patch import PatchMismatchError
from localcloud.sagemaker.algorithms import InvalidEntryPointError
from localcloud.server import aws_cli, aws_profile, cloud, status
from localcloud.server.client_environment import (
    client_environment,
    shell_commands,
    unset_commands,
)
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
from localcloud.server.shells import SHELLS, detected_shell, evaluation
from localcloud.server.state_format import IncompatibleStateError
from untrusted.terminal import print_json, say, say_error

# Errors that a user can correct; each message says how.
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
    aws_profile.InvalidProfileNameError,
    aws_profile.ProfileNotWrittenError,
    cloud.NotRunningError,
    cloud.StartFailedError,
)

_BASES = ("ministack", "boto3")

type Command = Callable[[Folder, argparse.Namespace], int | None]
# Another command that starts this one names itself here, for the messages.
_PROGRAM = os.environ.get("LOCALCLOUD_PROGRAM", "python -m localcloud")


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit status."""
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
        prog=_PROGRAM, description="Run AWS on this machine, for development."
    )
    parser.add_argument("--version", action=_ShowVersions, nargs=0, help="print the versions")
    commands = parser.add_subparsers(
        required=True, title="commands", metavar="up | down | status | env | prepare"
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        default=Folder().path,
        metavar="FOLDER",
        help="keep state and logs in this folder (default: .localcloud)",
    )

    def add(name: str, run: Command, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[common], help=summary, description=summary)
        command.set_defaults(run=run)
        return command

    _add_up_options(add("up", _up, "Start the local cloud and serve until Ctrl-C."))
    add("down", _down, "Stop the local cloud and keep its state.")
    status_options = add("status", _status, "Show whether it runs, and the deployed resources.")
    status_options.add_argument("--json", action="store_true", help="print a JSON object")
    _add_env_options(add("env", _env, "Point AWS clients at the local cloud."))
    add("prepare", _prepare, "Install the environment of Lambda functions before the first `up`.")

    return parser


class _ShowVersions(argparse.Action):
    """Print the versions, and exit. Only then are the installed packages searched for this one."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        package = __name__.partition(".")[0]
        [distribution] = packages_distributions().get(package, [None])[:1]
        own = version(distribution) if distribution else "from a checkout"
        versions = [f"{package} {own}", *(f"{name} {version(name)}" for name in _BASES)]
        say(", ".join(versions))
        parser.exit()


def _add_up_options(up: argparse.ArgumentParser) -> None:
    up.add_argument("--detach", action="store_true", help="run in the background")
    up.add_argument(
        "--port",
        type=_port,
        help=f"listen on this port (default: the port of the last start; at first {DEFAULT_PORT}, "
        "or a free port)",
    )
    up.add_argument(
        "--faults",
        action="store_true",
        help="let tests inject faults with localcloud.faults.client",
    )
    up.add_argument("--stop-at-end-of-input", action="store_true", help=argparse.SUPPRESS)


def _add_env_options(env: argparse.ArgumentParser) -> None:
    shell = detected_shell(os.environ)
    env.epilog = f"In {shell}: {evaluation(shell, _PROGRAM + ' env')}"
    env.add_argument(
        "--shell", choices=SHELLS, help="print commands of this shell (default: that of $SHELL)"
    )
    forms = env.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="print the variables as a JSON object")
    forms.add_argument(
        "--unset", action="store_true", help="print commands that remove the variables"
    )
    forms.add_argument(
        "--write-profile",
        nargs="?",
        const=aws_profile.DEFAULT_NAME,
        metavar="NAME",
        help="write a profile into your AWS config file, for `aws --profile NAME` "
        f"(default: {aws_profile.DEFAULT_NAME}); the shell stays as it is",
    )
    forms.add_argument(
        "--remove-profile",
        nargs="?",
        const=aws_profile.DEFAULT_NAME,
        metavar="NAME",
        help="remove this profile from your AWS config file",
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a port. Use a number from 0 (any free port) to 65535."
    )


def _up(folder: Folder, options: argparse.Namespace) -> None:
    record = find(folder)
    if record is not None:
        if options.port not in (None, record.port):
            raise AlreadyRunningError(
                f"The local cloud is up on port {record.port}. Stop it with `{_PROGRAM} down`."
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
        say("The local cloud has stopped and kept its state.")


def _announce(record: Record, folder: Folder, options: argparse.Namespace) -> None:
    moved = options.port is None and record.port != DEFAULT_PORT
    which = "" if folder == Folder() else f" --state-dir {shlex.quote(str(folder.path))}"
    use = evaluation(detected_shell(os.environ), f"{_PROGRAM} env{which}")
    stop = f"`{_PROGRAM} down{which}`" if options.detach else "Ctrl-C"
    elsewhere = f" (not on port {DEFAULT_PORT})" if moved else ""
    say(f"The local cloud is up at {record.url}{elsewhere}.")
    say(f"  use:  {use}  and then aws, sam or any AWS SDK")
    say(f"  stop: {stop}")
    say(f"  log:  {folder.log}")


def _down(folder: Folder, _options: argparse.Namespace) -> None:
    record = cloud.stop(folder)
    if folder.unsaved.exists():
        reason = f"the local cloud at {record.url} has stopped and not saved it"
        raise StateNotSavedError(folder, reason)
    say(f"The local cloud at {record.url} has stopped. Its state is in {folder.state}.")


def _status(folder: Folder, options: argparse.Namespace) -> int:
    record = find(folder)
    found = status.DOWN if record is None else status.status(record)
    if options.json:
        print_json(found)
    elif record is None:
        say(f"The local cloud is down. Start it with `{_PROGRAM} up --detach`.")
    else:
        say(*status.lines(found))

    return 1 if record is None else 0


def _prepare(_folder: Folder, _options: argparse.Namespace) -> None:
    install(data_folder(), say)


def _env(folder: Folder, options: argparse.Namespace) -> None:
    shell = options.shell or detected_shell(os.environ)
    if options.unset:
        say(*unset_commands(os.environ, shell))
    elif options.remove_profile:
        _remove_profile(options.remove_profile)
    elif options.write_profile:
        _write_profile(options.write_profile, cloud.require(folder).url)
    elif options.json:
        print_json(client_environment(cloud.require(folder).url))
        _warn_of_aws_cli()
    else:
        if find(folder) is None:
            # `eval "$(...)" && aws ...` stops here and sends nothing to AWS.
            say(SHELLS[shell].stop)
        say(*shell_commands(cloud.require(folder).url, os.environ, shell))
        _warn_of_aws_cli()


def _warn_of_aws_cli() -> None:
    if problem := aws_cli.warning(os.environ):
        say(problem, file=sys.stderr)


def _write_profile(name: str, url: str) -> None:
    path = aws_profile.write_profile(name, url)
    say(f"The profile {name} in {path} leads to the local cloud at {url}.")
    say(f"  use:    aws --profile {name} s3 ls")
    say(f"  remove: {_PROGRAM} env --remove-profile {name}")


def _remove_profile(name: str) -> None:
    path = aws_profile.remove_profile(name)
    if path is None:
        say(f"{aws_profile.config_file()} does not have the profile {name} of the local cloud.")
    else:
        say(f"The profile {name} is removed from {path}.")
