"""The commands that a page tells its readers, run as they stand there."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?```sh\n(?P<commands>.*?)```", re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """Commands that belong together, and why the tests do not run them; empty if they do."""

    page: str
    commands: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}: {self.commands.splitlines()[0]}"

    def run(self, cloud: Cloud, demo: Demo, folder: Path = ROOT) -> str:
        """Run the commands on the tests' cloud; return what they print. A failure is an AssertionError.

        The reader's photos lie in the folder.
        """
        # The tests' cloud is not the one in .localcloud, nor their runs those in runs/; their environment is activated.
        commands = re.sub(r"^(source|eval) .*\n", "", self.commands, flags=re.MULTILINE)
        commands = re.sub(
            r"python -m training (\w+)", rf"python -m training \1 --runs {demo.runs}", commands
        )
        commands = re.sub(r"\bmy-photos\b", f"{folder}/my-photos", commands)
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=ROOT,
            env=cloud.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert 0 == ended.returncode, ended.stdout + ended.stderr
        return ended.stdout


def in_one_go(page: str) -> Block:
    """All blocks of a page that the tests run, as one: what a shell remembers from block to block is there."""
    return Block(page, "\n".join(block.commands for block in blocks(page) if not block.reason), "")


def blocks(page: str) -> list[Block]:
    """All blocks of a page, which is named as from the repository's root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, found["commands"], found["reason"] or "") for found in _BLOCK.finditer(text)
    ]
