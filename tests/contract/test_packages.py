"""The distributions localcloud, algorithm and untrusted declare their imports and contents."""

import ast
import functools
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contract.test_architecture import OURS, ROOT, imports
from tests.security.supply_chain.lock_files import pins

# Each package with those of the others that it may import.
PACKAGES = {
    "untrusted": set[str](),
    "algorithm": {"untrusted"},
    "localcloud": {"algorithm", "untrusted"},
}
# Dependencies that no module imports, and modules that run in an environment of their own.
NOT_IMPORTED = {
    "aws-sam-translator": "MiniStack deploys SAM templates with it if it is there",
    "httptools": "uvicorn parses requests with it if it is there",
    "wsproto": "uvicorn's WebSocket protocol",
}
ELSEWHERE = {
    "algorithm/export_backbone.py": "names its packages itself",
    "algorithm/script_serving.py": "answers with the Flask of its container",
    "localcloud/lambda_runtime/bootstrap.py": "runs in the Lambda environment",
    **{
        path.relative_to(ROOT).as_posix(): "runs in the environment of the container"
        for path in ROOT.glob("localcloud/sagemaker/scikit_learn/container/*/*.py")
    },
}


def modules(package: str, *, with_tests: bool) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    return [path for path in found if with_tests or "tests" not in path.parts[len(ROOT.parts) :]]


@functools.cache
def roots(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    return {name.split(".")[0] for name in imports(path)}


@functools.cache
def distributions() -> dict[str, str]:
    """The distribution that an installed package comes from, by the package's name."""
    return {name: canonicalize_name(found[0]) for name, found in packages_distributions().items()}


def builder(package: str) -> WheelBuilder:
    """Return the builder of a package's wheel."""
    return WheelBuilder(str(ROOT / package))


def requirements(package: str) -> list[Requirement]:
    """The dependencies of a distribution, those of its extras too."""
    core = builder(package).metadata.core
    extras = [text for texts in core.optional_dependencies.values() for text in texts]
    return [Requirement(text) for text in [*core.dependencies, *extras]]


@pytest.mark.parametrize("package", PACKAGES)
def test_package_and_its_tests_import_nothing_else_of_the_repository(package: str) -> None:
    foreign = {*OURS, "observability", "tests"} - PACKAGES[package] - {package}
    found = {
        path.relative_to(ROOT).as_posix(): roots(path) & foreign
        for path in modules(package, with_tests=True)
    }
    assert {} == {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("package", PACKAGES)
def test_package_depends_on_exactly_its_imports(package: str) -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): path for path in modules(package, with_tests=False)
    }
    imported = {
        name for file, path in sources.items() if file not in ELSEWHERE for name in roots(path)
    }
    imported -= sys.stdlib_module_names | OURS
    needed = {distributions()[name] for name in imported if not name.startswith("mypy_boto3_")}
    declared = {canonicalize_name(one.name) for one in requirements(package) if one.url is None}
    assert needed == declared - NOT_IMPORTED.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_stubs_are_imported_for_type_checkers_alone(package: str) -> None:
    for path in modules(package, with_tests=False):
        run = [
            node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)
        ]
        assert [] == [node.module for node in run if str(node.module).startswith("mypy_boto3_")], (
            path
        )


@pytest.mark.parametrize("package", PACKAGES)
def test_package_refers_to_the_others_by_their_place_in_the_checkout(package: str) -> None:
    referred = {one.url for one in requirements(package) if one.url is not None}
    assert {(ROOT / other).as_uri() for other in PACKAGES[package]} == referred


@pytest.mark.parametrize("package", PACKAGES)
def test_checkout_is_tested_with_versions_that_the_package_accepts(package: str) -> None:
    lock = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    pinned = {pin.name: pin.version for pin in pins(lock)}
    for one in requirements(package):
        if one.url is None:
            version = pinned[canonicalize_name(one.name)]
            assert version is not None
            assert version in one.specifier, f"{one} is pinned to {version}"


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_the_whole_package_but_its_tests(package: str) -> None:
    files = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*") if path.is_file()
    }
    left_out = {
        f"{package}/pyproject.toml",
        *(file for file in files if file.startswith(f"{package}/tests/")),
    }
    expected = {file for file in files - left_out if "__pycache__" not in file}
    assert expected == {
        file.distribution_path for file in builder(package).recurse_included_files()
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_package_brings_its_licence(package: str) -> None:
    metadata = builder(package).metadata
    assert "Apache-2.0" == metadata.core.license_expression
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / package / "LICENSE").read_bytes()
    assert "LICENSE" in metadata.core.license_files
