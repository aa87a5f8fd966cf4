"""Check what the demo needs before it begins: it trains for a minute before SAM CLI is asked for."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from examples.demo.errors import DiskFullError, MissingToolError

# sam builds and deploys, with the Python of the functions' runtime.
TOOLS = ("sam", "python3.13")
# Twice what the build (69 MB), the models and the state of the local cloud (150 MB) take.
_NEEDED_BYTES = 450_000_000
_MEGABYTE = 1_000_000


def require_tools(environment: Mapping[str, str], tools: Iterable[str] = TOOLS) -> None:
    """Make sure that programs are on the PATH of an environment.

    Raises:
        MissingToolError: at least one is not; all that are missing are named.
    """
    path = environment.get("PATH", "")
    missing = [tool for tool in tools if shutil.which(tool, path=path) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingToolError(
            f"{', '.join(missing)} {verb} not on PATH. "
            "Run `make setup` and start the demo with `make demo`, or activate the environment first: "
            "`source .venv/bin/activate`."
        )


def require_space(*folders: Path) -> None:
    """Make sure that the disks of these folders, which need not exist yet, have room for the demo.

    Raises:
        DiskFullError: one has not.
    """
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        if free < _NEEDED_BYTES:
            raise DiskFullError(
                f"{folder} has {free // _MEGABYTE} MB of free disk space, "
                f"and the demo needs {_NEEDED_BYTES // _MEGABYTE} MB. Free some space, or name another --state-dir."
            )
