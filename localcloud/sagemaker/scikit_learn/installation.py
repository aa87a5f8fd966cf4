"""Install the environment of the scikit-learn container, on first use."""

from collections.abc import Callable
from pathlib import Path

from localcloud.python_environments import PythonEnvironment, PythonMissingError, find_python
from untrusted.terminal import SeveralLinesError

PYTHON = "3.12"  # Dockerfile of the image
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# The modules that stand for those of the image.
MODULES = Path(__file__).with_name("container")


class ContainerEnvironmentError(SeveralLinesError):
    """The environment of the scikit-learn container could not be installed: check the network, or
    the folder LOCALCLOUD_DATA_DIR.
    """


class ContainerPythonMissingError(SeveralLinesError):
    """Install Python 3.12, which AWS's scikit-learn container runs: it was not found."""


def container_environment(data_folder: Path) -> PythonEnvironment:
    """Return the environment with the container's packages, in the folder of shared data."""
    return PythonEnvironment(
        "the environment of the scikit-learn container",
        data_folder / f"scikit-learn-python{PYTHON}",
        REQUIREMENTS,
        Path.exists,
        ContainerEnvironmentError,
    )


def install(data_folder: Path, report: Callable[[str], None]) -> Path:
    """Install the environment if it is missing, and return its interpreter.

    Args:
        data_folder: The folder that all local clouds of this Python share.
        report: Called with one line before an installation.

    Raises:
        ContainerPythonMissingError: Python 3.12 is not installed.
        ContainerEnvironmentError: The packages could not be fetched, or the folder could not be
            written.
    """
    return container_environment(data_folder).install(container_python, report)


def container_python() -> Path:
    """Return an installed interpreter of the container's version.

    Raises:
        ContainerPythonMissingError: Python 3.12 is not installed.
    """
    try:
        return find_python(PYTHON)
    except PythonMissingError as exc:
        raise ContainerPythonMissingError(
            f"AWS's scikit-learn container runs Python {PYTHON}, which is not installed.",
            f"Install it (https://www.python.org/downloads/, or `uv python install {PYTHON}`), "
            "and run the same command again.",
        ) from exc
