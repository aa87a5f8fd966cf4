"""Install the Python environment of Lambda functions, on first use.

The environment has the packages of AWS's python3.13 runtime and no others. A function that imports
a package without bringing it fails here too. `requirements.txt` beside this file pins every package
with its hashes. The environment is installed beside its place and then renamed: an interrupted
installation leaves an unused folder only.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import uv

from localcloud.lambda_runtime.settings import is_runtime, require_linux
from untrusted.terminal import SeveralLinesError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_DIGEST_CHARACTERS = (
    12  # digits in the folder's name: another version of the requirements has another folder
)
_LINES_OF_UV = 12  # lines of uv's output in an error message


class LambdaEnvironmentError(SeveralLinesError):
    """The Lambda environment could not be installed: check the network, or the folder
    LOCALCLOUD_DATA_DIR.
    """


def lambda_python(data_folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Return the path of the interpreter of the Lambda environment in a data folder."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:_DIGEST_CHARACTERS]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return data_folder / f"lambda-{version}-{digest}" / "bin" / "python"


def install(
    data_folder: Path, report: Callable[[str], None], requirements: Path = REQUIREMENTS
) -> Path:
    """Install the Lambda environment if it is missing, and return its interpreter.

    Processes that call this at the same time install it once: the others wait.

    Args:
        data_folder: the folder that all local clouds of this Python share; created if it is
            missing.
        report: called with one line before an installation.
        requirements: the pinned packages.

    Raises:
        UnsupportedSystemError: this is not Linux.
        LambdaEnvironmentError: the packages could not be fetched, or the folder could not be
            written.
    """
    require_linux()
    python = lambda_python(data_folder, requirements)
    if is_runtime(python):
        return python

    environment = python.parents[1]
    partial = environment.with_name(f"{environment.name}.partial")
    try:
        with _locked(data_folder) as lock:
            if is_runtime(python):
                return python

            report(f"Installing the environment of Lambda functions in {environment} (once)")
            for leftover in (
                environment,
                partial,
                # Left by an interrupted installation, or by a Python that was removed.
            ):
                rmtree(leftover, ignore_errors=True)
            _run_uv(
                ["venv", "--no-project", "--python", sys.executable, str(partial)],
                environment,
                lock,
            )
            sync = ["pip", "sync", "--require-hashes", "--python", str(partial), str(requirements)]
            _run_uv(sync, environment, lock)
            partial.rename(environment)
    except OSError as exc:
        raise LambdaEnvironmentError(
            f"The environment of Lambda functions could not be installed in {environment} "
            f"({exc.strerror}).",
            "Set LOCALCLOUD_DATA_DIR to a folder that you can write.",
        ) from exc

    return python


@contextmanager
def _locked(data_folder: Path) -> Iterator[int]:
    data_folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _run_uv(arguments: list[str], environment: Path, lock: int) -> None:
    # uv inherits the lock: if this process is killed, the next one starts after uv has ended.
    command = [uv.find_uv_bin(), "--quiet", *arguments]
    ended = subprocess.run(command, capture_output=True, check=False, text=True, pass_fds=[lock])
    if ended.returncode != 0:
        printed = [line for line in ended.stderr.splitlines() if line.strip()]
        raise LambdaEnvironmentError(
            f"The environment of Lambda functions could not be installed in {environment}. uv "
            "says:",
            *(f"  {line}" for line in printed[:_LINES_OF_UV]),
            "It is installed once, from the package index. "
            "Check the network and uv's settings, and try again.",
        )
