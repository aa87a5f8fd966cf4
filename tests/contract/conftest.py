"""Provide template, workflow definitions and SAM configuration as data."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from untrusted.tests.conftest import base, sandbox

__all__ = ["base", "sandbox"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, with intrinsic functions in their long form."""
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / "template.yaml"))
    return loaded


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    """The template's resources by logical id."""
    found: dict[str, Any] = template["Resources"]
    return found


@pytest.fixture(scope="session")
def monitoring() -> dict[str, Any]:
    """stacks/monitoring.yaml, with intrinsic functions in their long form."""
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / "stacks/monitoring.yaml"))
    return loaded


@pytest.fixture(scope="session")
def definitions() -> dict[str, dict[str, Any]]:
    """Return the workflow definitions before substitution, which must already be JSON."""
    paths = sorted((ROOT / "statemachine").glob("*.asl.json"))
    return {path.name.removesuffix(".asl.json"): json.loads(path.read_text()) for path in paths}


@pytest.fixture(scope="session")
def definition(definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The definition of the workflow for one image."""
    return definitions["image_classification"]


@pytest.fixture(scope="session")
def states(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the states of the workflow for one image."""
    found: dict[str, Any] = definition["States"]
    return found


@pytest.fixture(scope="session")
def samconfig() -> dict[str, Any]:
    """samconfig.toml."""
    return tomllib.loads((ROOT / "samconfig.toml").read_text())
