"""The README's commands, run as they stand there."""

import re
import subprocess
from pathlib import Path

import pytest

from local.server.cloud import Cloud
from tests.workflow.conftest import Demo
from tests.workflow.deployed import Deployed

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
# Why a block is not run here: the first two are what CI runs, the others need what this machine has not.
NOT_RUN = {"make demo": "CI", "make test": "CI", "sam build && sam deploy": "AWS", "sam build\nsam local": "Docker"}
RUN = [block for block in BLOCKS if not block.startswith(tuple(NOT_RUN))]


def test_every_reason_not_to_run_a_block_applies_to_one() -> None:
    assert len(NOT_RUN) == len(BLOCKS) - len(RUN)


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.splitlines()[0])
def test_block_of_the_readme_runs(service: Deployed, cloud: Cloud, demo: Demo, block: str) -> None:
    # The tests' cloud is not the one in .local, nor their runs those in runs/; their environment is activated already.
    commands = re.sub(r"^(source|eval) .*\n", "", block, flags=re.MULTILINE)
    commands = re.sub(r"python -m training (\w+)", rf"python -m training \1 --runs {demo.runs}", commands)
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=ROOT,
        env=cloud.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == ended.returncode, ended.stderr
    assert '"outcome"' in ended.stdout or block.startswith(("sam remote", "python -m training", "python -m operations"))
