"""Name the versions of the tool, of MiniStack and of boto3."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from cli.project import CHECKOUT


def version() -> str:
    """Return one line with the versions."""
    pyproject = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    tool = f"scones {pyproject['project']['version']}"
    return f"{tool} (MiniStack {_installed('ministack')}, boto3 {_installed('boto3')})"


def _installed(name: str) -> str:
    try:
        return installed_version(name)
    except PackageNotFoundError:  # `make tools` installs no local cloud
        return "not installed"
