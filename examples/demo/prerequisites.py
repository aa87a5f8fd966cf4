"""Check the demo's prerequisites before the training starts."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from examples.demo.errors import DiskFullError, MissingToolError

# sam builds and deploys, with the Python of the functions' runtime.
TOOLS = ("sam", "python3.13")
# Twice the size of the build (69 MB), the models and the local cloud's state (150 MB).
_NEEDED_BYTES = 450_000_000
_MEGABYTE = 1_000_000


def require_tools(environment: Mapping[str, str], tools: Iterable[str] = TOOLS) -> None:
    """Check that programs are on the PATH of an environment.

    Raises:
        MissingToolError: At least one program is missing; the message names all missing ones.
    """
    path = environment.get("PATH", "")
    missing = [tool for tool in tools if shutil.which(tool, path=path) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingToolError(
            f"{', '.join(missing)} {verb} not on PATH. "
            "Run `make setup` and start the demo with `make demo`, "
            "or activate the environment first: "
            "`source .venv/bin/activate`."
        )


def require_space(*folders: Path) -> None:
    """Check that the disks of these folders have room for the demo; the folders need not exist.

    Raises:
        DiskFullError: A disk does not have enough room.
    """
    for folder in folders:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        if free < _NEEDED_BYTES:
            raise DiskFullError(
                f"{folder} has {free // _MEGABYTE} MB of free disk space, "
                f"and the demo needs {_NEEDED_BYTES // _MEGABYTE} MB. "
                "Free some space, or name another --state-dir."
            )
