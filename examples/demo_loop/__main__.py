"""Run `python -m examples.demo_loop`: people label, and the next model learns from it."""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from examples.demo.prerequisites import require_space, require_tools
from examples.demo.program import exit_status, run_and_exit
from examples.demo_loop.run import RUNS, run
from localcloud.server.cloud import running

RESULTS = Path("build/demo-loop")
STATE = "cloud"  # the local cloud's state and logs, in the folder of results
ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run the loop; return the exit status: 0 if the second model is not less accurate."""
    results = _parser().parse_args(arguments).results.resolve()
    return exit_status(lambda: _run(results))


def _run(results: Path) -> int:
    require_tools(os.environ)
    require_space(results, ROOT)

    # Each run begins without images, models and answers of an earlier one.
    for folder in (RUNS, STATE):
        shutil.rmtree(results / folder, ignore_errors=True)
    with running(results / STATE) as cloud:
        return run(cloud, results / STATE, results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo_loop",
        description="Train, deploy, upload, label with simulated reviewers, and train again, on a "
        "local cloud that ends with the program.",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        help="the folder of the page and of the training run (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    run_and_exit(main)
