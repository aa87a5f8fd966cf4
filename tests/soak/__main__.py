"""`python -m tests.soak`: thousands of uploads under faults, then a reconciliation."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from examples.demo.program import exit_status, run_and_exit
from localcloud.faults.client import FaultsOffError
from tests.soak.errors import SoakError
from tests.soak.run import Order, run

ROOT = Path(__file__).parents[2]
# The soak has its own cloud, which is deleted at the end.
FOLDER = ROOT / "build/soak"


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
    return exit_status(lambda: run(order, FOLDER), FaultsOffError, SoakError)


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
    run_and_exit(main)
