"""Run `python -m examples.demo`: the main job from training to decisions, on the local cloud."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from examples.demo.prerequisites import require_space, require_tools
from examples.demo.program import exit_status, run_and_exit
from examples.demo.run import run
from localcloud.server import cloud
from localcloud.server.ownership import find
from localcloud.server.settings import Folder

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return the exit status: 0 if every image has an outcome and none is FAILED."""
    folder = Folder(_parser().parse_args(arguments).state_dir.resolve())
    return exit_status(lambda: _run(folder))


def _run(folder: Folder) -> int:
    require_tools(os.environ)
    require_space(folder.path, ROOT)

    record = find(folder) or cloud.start(folder, None)
    return run(cloud.Cloud(record.url), folder.path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo",
        description="Train, deploy, upload and decide on the local cloud.",
    )
    parser.add_argument(
        "--state-dir",
        type=Path,
        default=Folder().path,
        help="the folder of the local cloud's state and logs (default: .localcloud)",
    )
    return parser


if __name__ == "__main__":
    run_and_exit(main)
