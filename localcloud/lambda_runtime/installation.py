"""Install the Python environment of Lambda functions, on first use.

The environment has the packages of AWS's python3.13 runtime and no others. A function that imports
a package without bringing it fails here too. `requirements.txt` beside this file pins every package
with its hashes.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from localcloud.lambda_runtime.settings import is_runtime, require_linux
from localcloud.python_environments import PythonEnvironment
from untrusted.terminal import SeveralLinesError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class LambdaEnvironmentError(SeveralLinesError):
    """The Lambda environment could not be installed: check the network, or the folder
    LOCALCLOUD_DATA_DIR.
    """


def lambda_python(data_folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Return the path of the interpreter of the Lambda environment in a data folder."""
    return _environment(data_folder, requirements).python


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
    return _environment(data_folder, requirements).install(lambda: Path(sys.executable), report)


def _environment(data_folder: Path, requirements: Path) -> PythonEnvironment:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return PythonEnvironment(
        "the environment of Lambda functions",
        data_folder / f"lambda-{version}",
        requirements,
        is_runtime,
        LambdaEnvironmentError,
    )
