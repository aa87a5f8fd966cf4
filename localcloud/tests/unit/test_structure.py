"""Check the imports of the local cloud's modules, and that none names the service."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
# From the top down. A module imports only modules of its own folder and of lower floors.
FLOORS = (
    {"__main__"},
    {"command_line"},
    {"server"},
    {"ministack"},
    {"application_autoscaling", "faults"},
    {"lambda_runtime", "sagemaker", "stepfunctions"},
    {"logs_insights", "states_language"},
    {"api", "python_environments"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Names of the service that this repository deploys on the local cloud.
PRODUCT = re.compile(
    r"scones|image_url|uploads/|serialize[_ -]image|classify[_ -]image|filter[_ -]inferences",
    re.IGNORECASE,
)
TESTS = PACKAGE / "tests"


def modules() -> dict[str, Path]:
    """Return the modules of the package, without its tests and examples; keys are their names."""
    beside = {TESTS, PACKAGE / "examples"}
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if not beside & set(path.parents)]
    return {_name(path): path for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Yield the absolute name of everything that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> Iterator[tuple[str, str]]:
    """Yield importing and imported module of each import within the package."""
    known = modules()
    for module, path in known.items():
        for name in imported(path):
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != module:
                yield module, target


def room(module: str) -> str:
    """Return the folder or module directly below the package."""
    return module.split(".")[1] if "." in module else ""


def test_every_module_belongs_to_a_floor() -> None:
    assert set() == {room(module) for module in modules()} - FLOOR_OF.keys() - {
        "",
        "python_startup",
    }


def test_no_import_goes_up() -> None:
    between = [(source, target) for source, target in arrows() if room(source) != room(target)]
    assert [] == [pair for pair in between if FLOOR_OF[room(pair[0])] >= FLOOR_OF[room(pair[1])]]


@pytest.mark.parametrize("depth", [2, 3, 4], ids=["rooms", "folders of rooms", "modules"])
def test_imports_have_no_cycle(depth: int) -> None:
    """Shorten names to some parts: 2 for the rooms of the package, 3 for the modules of a room."""
    graph: dict[str, set[str]] = {}
    for pair in arrows():
        source, target = (".".join(module.split(".")[:depth]) for module in pair)
        graph.setdefault(source, set()).update({target} - {source})
    TopologicalSorter(graph).prepare()  # raises CycleError with the names


def test_only_one_package_imports_ministack() -> None:
    importing = {
        name
        for name, path in modules().items()
        if any(
            target == "ministack" or target.startswith("ministack.") for target in imported(path)
        )
    }
    assert set() == {name for name in importing if room(name) != "ministack"}


def test_no_file_names_the_service_of_this_repository() -> None:
    others = [path for path in PACKAGE.rglob("*.py") if path != Path(__file__)]
    assert [] == [path for path in others if PRODUCT.search(path.read_text())]
