"""The commands of README.md and docs/, run as they stand there."""

import re
from pathlib import Path

import pytest

from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo
from tests.workflow.deployed import Deployed
from tests.workflow.documents import Block, blocks, in_one_go

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/operations.md"]
RUN = [
    pytest.param(
        block, id=str(block), marks=[pytest.mark.long] if "training train" in block.commands else []
    )
    for page in PAGES
    for block in blocks(page)
    if not block.reason
]
# Where the outcome is not what a block shows.
OTHERS = ("sam remote", "python -m training", "python -m operations", "aws cloudformation deploy")


@pytest.mark.parametrize("block", RUN)
def test_block_runs(service: Deployed, cloud: Cloud, demo: Demo, block: Block) -> None:
    printed = block.run(cloud, demo)
    assert printed
    if block.page == "README.md":
        assert '"outcome"' in printed or block.commands.startswith(OTHERS)


def test_every_command_of_the_operations_page_stands_in_a_block() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`python -m (operations \w+)", text))
    in_blocks = {
        command
        for block in blocks("docs/operations.md")
        for command in re.findall(r"python -m (operations \w+)", block.commands)
    }
    assert told <= in_blocks


@pytest.mark.long
def test_tutorial_ends_with_the_readers_own_classes_decided(
    service: Deployed, cloud: Cloud, demo: Demo, tmp_path: Path
) -> None:
    printed = in_one_go("docs/tutorial.md").run(cloud, demo, tmp_path)
    decided = dict(
        re.findall(r"^([A-Z]+\t[a-zN]\w+)\t\S+\ts3://\S+/(\w+)\.\w+$", printed, re.MULTILINE)
    )
    assert {"UNREADABLE\tNone": "third"}.items() <= decided.items()
    assert {"first", "second", "third"} == set(decided.values())
    assert {"bird", "ship", "None"} == {name.split("\t")[1] for name in decided}
    assert not (tmp_path / "my-photos").exists()
