"""The console script, and the backend that installs it without build isolation."""

import tomllib
from pkgutil import resolve_name

from cli.project import CHECKOUT
from scones.__main__ import main
from tests.security.supply_chain.lock_files import pins

PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def test_console_script_runs_the_command_line() -> None:
    assert main is resolve_name(PYPROJECT["project"]["scripts"]["scones"])


def test_build_backend_is_pinned_as_in_the_environments() -> None:
    [required] = PYPROJECT["build-system"]["requires"]
    for environment in ("dev", "tools"):
        lock = (CHECKOUT / f"requirements/{environment}.txt").read_text(encoding="utf-8")
        pinned = {pin.name: pin.version for pin in pins(lock)}
        assert required == f"hatchling=={pinned['hatchling']}"
