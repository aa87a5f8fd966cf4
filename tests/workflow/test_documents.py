"""Run the commands of README.md and docs/ as they stand there."""

import re
from pathlib import Path

import pytest

from localcloud.server.cloud import Cloud
from operations.command_line import COMMANDS
from tests.workflow.conftest import Demo
from tests.workflow.deployed import Deployed
from tests.workflow.documents import Block, blocks, joined

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/operations.md"]
RUN = [
    pytest.param(
        block, id=str(block), marks=[pytest.mark.long] if "scones train" in block.commands else []
    )
    for page in PAGES
    for block in blocks(page)
    if not block.reason
]


@pytest.mark.parametrize("block", RUN)
def test_block_runs(service: Deployed, cloud: Cloud, demo: Demo, block: Block) -> None:
    assert block.run(cloud, demo)


def test_readme_shows_the_result_of_an_upload(service: Deployed, cloud: Cloud, demo: Demo) -> None:
    [block] = [block for block in blocks("README.md") if "scones upload" in block.commands]
    assert re.search(r"ACCEPTED +truck .*/uploads/truck-1\.jpg", block.run(cloud, demo))


def test_every_command_of_the_operations_page_is_in_a_block() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`scones (\w+)", text)) & COMMANDS.keys()
    in_blocks = {
        command
        for page in PAGES
        for block in blocks(page)
        for command in re.findall(r"scones (\w+)", block.commands)
    }
    assert named
    assert set() == named - in_blocks


@pytest.mark.long
def test_tutorial_ends_with_the_readers_own_classes_decided(
    service: Deployed, cloud: Cloud, demo: Demo, tmp_path: Path
) -> None:
    printed = joined("docs/tutorial.md").run(cloud, demo, tmp_path)
    assert "serves version 2 and version 1 on" in printed
    decided = {
        image: (outcome, label)
        for outcome, label, image in re.findall(
            r"([A-Z]{4,})(?: +([a-z]+) +[\d.]+)? +s3://\S+/uploads/(\w+)\.", printed
        )
    }
    assert {"first", "second", "third"} == decided.keys()
    assert {"bird", "ship"} == {decided["first"][1], decided["second"][1]}
    assert ("UNREADABLE", "") == decided["third"]
    assert not (tmp_path / "my-photos").exists()
