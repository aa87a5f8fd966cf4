"""`python -m tests.soak`: thousands of uploads under faults, then a reconciliation."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.demo.errors import DemoError
from localcloud.faults.client import FaultsOffError
from localcloud.server import cloud
from localcloud.server.ownership import FolderNotUsableError
from tests.soak.errors import SoakError
from tests.soak.run import Order, run
from untrusted.closed_output import end_quietly
from untrusted.terminal import say_error, show_traceback

ROOT = Path(__file__).parents[2]
# The soak has a cloud of its own, which is deleted at the end.
FOLDER = ROOT / "build/soak"
_NAMED_ERRORS = (
    DemoError,
    FaultsOffError,
    FolderNotUsableError,
    SoakError,
    cloud.NotRunningError,
    cloud.StartFailedError,
)


def main(arguments: Sequence[str]) -> int:
    """Run the soak; return the exit status: 0 if uploads and records agree."""
    options = _parser().parse_args(arguments)
    order = Order(
        options.uploads,
        options.seed,
        options.faults,
        options.deliveries,
        options.json,
        options.hostile,
    )
    try:
        return run(order, FOLDER)
    except _NAMED_ERRORS as exc:
        say_error(exc)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description="Upload thousands of images under faults, then compare uploads and records.",
    )
    parser.add_argument("--uploads", type=int, default=10_000, help="how many (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=1, help="uploads and faults follow from it (%(default)s)"
    )
    parser.add_argument(
        "--no-faults",
        dest="faults",
        action="store_false",
        help="the same uploads, for comparison",
    )
    parser.add_argument(
        "--deliveries",
        type=int,
        default=0,
        metavar="KEYS",
        help="deliver the events of N keys 5 times",
    )
    parser.add_argument(
        "--hostile", type=Path, metavar="FOLDER", help="its files are a tenth of the uploads"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict here")
    return parser


if __name__ == "__main__":
    sys.excepthook = show_traceback
    sys.exit(end_quietly(lambda: main(sys.argv[1:])))
