"""The files for contributors: development container, hooks, dependency updates and versions."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.security.supply_chain.lock_files import lock_files, pins

ROOT = Path(__file__).parents[2]
PACKAGES = ("algorithm", "localcloud", "untrusted")
PROJECTS = ("pyproject.toml", *(f"{package}/pyproject.toml" for package in PACKAGES))
CHANGELOGS = ("CHANGELOG.md", "localcloud/CHANGELOG.md")
RELEASE = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project(name: str) -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads(text_of(name))["project"]
    return content


@pytest.fixture(scope="module")
def version() -> str:
    """Return the version of the repository's next release."""
    return str(project("pyproject.toml")["version"])


@pytest.fixture(scope="module")
def dependabot() -> dict[str, dict[str, Any]]:
    """Return the updates of Dependabot's configuration by package ecosystem."""
    updates = yaml.safe_load(text_of(".github/dependabot.yml"))["updates"]
    return {update["package-ecosystem"]: update for update in updates}


def test_development_container_is_pinned_and_has_the_projects_python() -> None:
    container = json.loads(text_of(".devcontainer/devcontainer.json"))
    name = r"mcr\.microsoft\.com/devcontainers/python"
    version = r"\d+\.\d+\.\d+-(\d+\.\d+)-\w+"
    found = re.fullmatch(rf"{name}:{version}@sha256:[0-9a-f]{{64}}", container["image"])
    assert found
    assert text_of(".python-version").strip() == found[1]
    assert "make setup" == container["postCreateCommand"]


def test_hooks_run_the_projects_own_tools_without_a_network() -> None:
    repositories = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert ["local"] == [repository["repo"] for repository in repositories]
    hooks = repositories[0]["hooks"]
    assert {"system"} == {hook["language"] for hook in hooks}
    assert {".venv/bin/ruff"} == {hook["entry"].split()[0] for hook in hooks}


def test_dependabot_updates_every_lock_file_and_the_actions(
    dependabot: dict[str, dict[str, Any]],
) -> None:
    folders = {f"/{path.parent.relative_to(ROOT)}" for path in lock_files()}
    assert folders == set(dependabot["pip"]["directories"])
    assert "/" == dependabot["github-actions"]["directory"]


def test_dependabot_leaves_packages_that_the_local_cloud_patches(
    dependabot: dict[str, dict[str, Any]],
) -> None:
    dependencies = project("localcloud/pyproject.toml")["dependencies"]
    patched = {name.split("==")[0] for name in dependencies if "==" in name}
    assert patched
    assert patched == {entry["dependency-name"] for entry in dependabot["pip"]["ignore"]}


def test_every_action_is_pinned_to_a_commit_and_names_its_version() -> None:
    used = [
        line.strip()
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for line in path.read_text().splitlines()
        if "uses:" in line and "uses: ./" not in line
    ]
    assert used
    pinned = re.compile(r"(- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [] == [line for line in used if not pinned.fullmatch(line)]


def test_build_backend_is_the_pinned_one_of_the_environment() -> None:
    # `make setup` and `make tools` install the checkout without build isolation.
    [backend] = tomllib.loads(text_of("pyproject.toml"))["build-system"]["requires"]
    for name in ("dev", "tools"):
        pinned = {f"{pin.name}=={pin.version}" for pin in pins(text_of(f"requirements/{name}.txt"))}
        assert backend in pinned


@pytest.mark.parametrize("name", PROJECTS)
def test_every_distribution_has_the_version_of_the_release(name: str, version: str) -> None:
    assert version == project(name)["version"]


@pytest.mark.parametrize("name", CHANGELOGS)
def test_changelog_begins_with_unreleased_changes_and_the_release(name: str, version: str) -> None:
    text = text_of(name)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert "[Unreleased]" == headings[0]
    releases = RELEASE.findall(text)
    assert version == releases[0][0]
    assert len(headings) == len(releases) + 1
    assert [date for _, date in releases] == sorted((date for _, date in releases), reverse=True)
