"""Run the command blocks of the documentation as they stand there."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import training.command_line
from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo

ROOT = Path(__file__).parents[2]
ACTIVATE = ROOT / ".venv/bin/activate"
_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?```sh\n(?P<commands>.*?)```", re.DOTALL
)
_STEP = re.compile(rf"\bscones ({'|'.join(training.command_line.STEPS)})\b")
# The shells of `make` and of the tests have environments of the project on their PATH.
_OWN_FOLDER = re.compile(r"/\.venv[^/]*/bin/?$")


@dataclass(frozen=True)
class Block:
    """Commands that belong together, and why the tests do not run them; empty if they do."""

    page: str
    commands: str
    reason: str

    def __str__(self) -> str:
        """Return the page and the first command."""
        return f"{self.page}: {self.commands.splitlines()[0]}"

    def run(self, cloud: Cloud, demo: Demo, folder: Path = ROOT) -> str:
        """Run the commands on the tests' cloud in a shell like the reader's, and return the output.

        The reader's photos are in `folder`. A command that fails raises AssertionError.
        """
        # Tests have their own cloud and runs; the script activates the environment itself.
        commands = re.sub(r"^(source|eval) .*\n", "", self.commands, flags=re.MULTILINE)
        commands = _STEP.sub(rf"scones \1 --runs {demo.runs}", commands)
        commands = re.sub(r"\b(my|new)-photos\b", rf"{folder}/\1-photos", commands)

        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"source {ACTIVATE}\n{commands}"],
            cwd=ROOT,
            env=cloud.environment | {"PATH": users_path()},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert 0 == ended.returncode, ended.stdout + ended.stderr
        return ended.stdout


def users_path() -> str:
    """Return PATH without the project's environments, as in a new shell."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not _OWN_FOLDER.search(folder))


def joined(page: str) -> Block:
    """Join all blocks of a page that the tests run: one shell remembers its variables."""
    return Block(page, "\n".join(block.commands for block in blocks(page) if not block.reason), "")


def blocks(page: str) -> list[Block]:
    """Return all blocks of a page, which is named from the repository's root."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, found["commands"], found["reason"] or "") for found in _BLOCK.finditer(text)
    ]
