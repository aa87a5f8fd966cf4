"""Lock files pin every package with hashes, above versions with critical vulnerabilities."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests.security.supply_chain.lock_files import ROOT, lock_files, pins

FLOORS: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "supply_chain/floors.toml").read_text(encoding="utf-8")
)


def without_hash(text: str) -> list[str]:
    return [pin.name for pin in pins(text) if pin.version is None or not pin.hashes]


def below_floor(text: str) -> list[str]:
    floors = {name: Version(floor["version"]) for name, floor in FLOORS.items()}
    return [
        pin.name
        for pin in pins(text)
        if pin.name in floors and not (pin.version and pin.version >= floors[pin.name])
    ]


@pytest.fixture(
    scope="module", params=lock_files(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def lock_file(request: Any) -> str:
    text: str = request.param.read_text(encoding="utf-8")
    return text


def groups_of(project: str) -> set[str]:
    """The names of the dependency groups of a pyproject.toml."""
    return set(tomllib.loads((ROOT / project).read_text(encoding="utf-8"))["dependency-groups"])


def test_every_group_and_every_function_is_locked() -> None:
    functions = {path.parent.name for path in ROOT.glob("functions/*/app.py")}
    included = {"training", "localcloud", "test", "lint"}  # by dev
    locked = {
        path.stem if path.stem != "requirements" else path.parent.name for path in lock_files()
    }
    assert groups_of("pyproject.toml") - included | {"lambda_runtime"} == locked
    assert functions <= locked
    assert {"lambda"} == groups_of("localcloud/pyproject.toml")


def test_tools_are_pinned_to_the_versions_of_the_whole_environment() -> None:
    # `make setup` after `make tools` then changes no package.
    tools, dev = (
        {(pin.name, pin.version) for pin in pins((ROOT / f"requirements/{name}.txt").read_text())}
        for name in ("tools", "dev")
    )
    assert set() == tools - dev


def test_environment_that_users_activate_has_no_aws_cli() -> None:
    # Its `aws` would come before the user's own on PATH.
    texts = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
    assert ["aws"] == [
        name for name, text in texts.items() if "awscli" in {pin.name for pin in pins(text)}
    ]


def test_everything_is_pinned_with_hashes(lock_file: str) -> None:
    assert [] == without_hash(lock_file)
    assert any(pins(lock_file))


def test_nothing_is_below_a_known_critical_vulnerability(lock_file: str) -> None:
    assert [] == below_floor(lock_file)


def test_every_floor_is_of_something_pinned_and_says_why() -> None:
    pinned = {pin.name for path in lock_files() for pin in pins(path.read_text(encoding="utf-8"))}
    assert set() == FLOORS.keys() - pinned
    assert {("version", "reason", "source")} == {tuple(floor) for floor in FLOORS.values()}


@pytest.mark.parametrize(
    "line",
    [
        "pillow==13.0.0",
        "pillow>=13 --hash=sha256:0",
        "pillow==13.* --hash=sha256:0",
        "pillow @ https://a.b/c.whl",
    ],
)
def test_a_requirement_without_exact_version_or_hash_is_seen(line: str) -> None:
    assert ["pillow"] == without_hash(line)


def test_a_version_below_the_floor_is_seen() -> None:
    assert ["pillow"] == below_floor(
        "h11==0.16.0 --hash=sha256:0\n"
        "Pillow==12.3.0 ; sys_platform == 'linux' \\\n    --hash=sha256:0\n"
    )
