"""`python -m examples.demo`: the main job end to end, on the local cloud."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.demo.errors import DemoError
from examples.demo.prerequisites import require_space, require_tools
from examples.demo.run import run
from localcloud.server import cloud
from localcloud.server.ownership import FolderNotUsableError, find
from localcloud.server.settings import Folder
from untrusted.closed_output import end_quietly
from untrusted.terminal import say_error, show_traceback

ROOT = Path(__file__).parents[2]
_NAMED_ERRORS = (DemoError, FolderNotUsableError, cloud.NotRunningError, cloud.StartFailedError)


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return the exit status: 0 if every image has an outcome and none is FAILED."""
    folder = Folder(_parser().parse_args(arguments).state_dir.resolve())
    try:
        require_tools(os.environ)
        require_space(folder.path, ROOT)

        record = find(folder) or cloud.start(folder, None)
        return run(cloud.Cloud(record.url), folder.path)
    except _NAMED_ERRORS as exc:
        say_error(exc)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Run the main job end to end on the local cloud.",
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Folder().path,
        help="folder for the local cloud's state and logs (.localcloud)",
    )
    return parser


if __name__ == "__main__":
    sys.excepthook = show_traceback
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
