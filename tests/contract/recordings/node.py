"""Node.js with the npm packages of the recordings, in the versions of package-lock.json."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE.parents[2] / "build/recordings"
LOCK = "package-lock.json"


class NodeError(Exception):
    """A script failed. The message is its own."""


class PackagesMissingError(NodeError):
    """Node.js, npm or a package is missing. The message names the reason."""


def run(script: str, data: object) -> Any:
    """Run a script of this folder on JSON data and return its JSON answer. Raises NodeError."""
    install()
    command = ["node", str(HERE / script)]
    text = json.dumps(data)
    ended = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        cwd=FOLDER,
        check=False,
    )
    if ended.returncode:
        raise NodeError(f"{script} failed: {ended.stderr.strip()[-500:]}")
    return json.loads(ended.stdout)


def install() -> None:
    """Install the locked packages with npm, from the registry that it is set to use.

    Raises PackagesMissingError.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        raise PackagesMissingError("Recording needs Node.js and npm. Install Node.js.")

    lock = (HERE / LOCK).read_text(encoding="utf-8")
    done = FOLDER / "installed.json"
    if done.exists() and done.read_text(encoding="utf-8") == lock:
        return

    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", LOCK):
        shutil.copy(HERE / name, FOLDER / name)
    options = (
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--fetch-retries=1",
    )
    command = ["npm", "ci", *options]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER, check=False)
    if ended.returncode:
        reason = ended.stderr[:300]
        raise PackagesMissingError(f"npm cannot install the packages: {reason}")
    done.write_text(lock, encoding="utf-8")
