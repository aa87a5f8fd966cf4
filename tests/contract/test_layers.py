"""Check that the rooms of a package form layers: a room imports only rooms below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def rooms_of(package: str) -> set[str]:
    """Return the names of all rooms of a package."""
    return {room_of(path) for path in modules(package)}


def modules(package: str) -> list[Path]:
    """List the modules of a package, or of the repository, below its folder and without tests."""
    folder = ROOT / package.replace(".", "/")
    tops = [folder] if package else [ROOT / name for name in PACKAGES]
    paths = sorted(path.relative_to(folder) for top in tops for path in top.rglob("*.py"))
    return [path for path in paths if "tests" not in path.parts and path != Path("__init__.py")]


def room_of(path: Path) -> str:
    """Return the room of a module, given its path below the package's folder."""
    return path.parts[0].removesuffix(".py")


PACKAGES = (
    *("algorithm", "benchmarks", "cli", "documents", "examples", "functions", "localcloud"),
    *("operations", "review", "scones", "statemachine", "training", "untrusted"),
)
# Each package from its top layer to its lowest one; "" is the repository. A room is a folder or a
# module of the package. Rooms of one layer do not import each other.
LAYERS: dict[str, list[set[str]]] = {
    "": [
        {"benchmarks"},
        {"examples", "scones"},
        {"localcloud", "operations"},
        {"review"},
        {"training"},
        {"algorithm", "cli", "documents", "functions", "statemachine"},
        {"untrusted"},
    ],
    "operations": [{"__main__"}, {"command_line"}, {"commands"}, {"check", "service"}],
    "operations.commands": [rooms_of("operations.commands")],
    "review": [
        {"server"},
        {"web"},
        {"overview"},
        {"requests", "sources"},
        {"folder", "service"},
        {"events", "order", "pictures"},
        {"answers"},
        {"errors", "images", "reviewer"},
    ],
    "review.service": [
        {"queue", "second_look"},
        {"records", "stored_answers"},
        {"classes", "counts", "leases"},
    ],
    "review.order": [
        {"ranking"},
        {"waiting_features"},
        {"embeddings", "features", "learning", "walls"},
        {"selection"},
    ],
    "training": [
        {"__main__"},
        {"command_line"},
        {"steps"},
        {"service", "reports"},
        {"endpoint", "jobs"},
        {"models"},
        {"statistics"},
        {"dataset"},
        {"project"},
    ],
}

# Rooms whose modules do not import each other, and the modules there that they share.
SEPARATE = {("training", "steps"): {"context"}}


def imported_modules(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of each import anywhere in a module's source.

    A name from a package counts as its module: `from training import steps` is `training.steps`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")[: -node.level] if node.level else []
            target = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{target}.{alias.name}") for alias in node.names)


def violations(package: str, layers: list[set[str]], path: Path, source: str) -> list[str]:
    """Return the imports of a module, at `path` in the package, that its layer does not allow."""
    depth = {room: number for number, rooms in enumerate(layers) for room in rooms}
    room = room_of(path)
    above = package.split(".") if package else []
    module = ".".join([*above, *path.with_suffix("").parts])
    found = []

    for line, name in imported_modules(source, module):
        parts = name.split(".")
        imported = "".join(parts[len(above) : len(above) + 1])
        if parts[: len(above)] != above or imported not in depth or imported == room:
            continue
        if depth[imported] <= depth[room]:
            found.append(f"{path}:{line}: {room} imports {imported} ({name})")
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_every_room_has_one_layer(package: str) -> None:
    rooms = [room for layer in LAYERS[package] for room in layer]
    assert sorted(rooms) == sorted(rooms_of(package))


@pytest.mark.parametrize("package", LAYERS)
def test_room_imports_only_rooms_below_it(package: str) -> None:
    folder = ROOT / package.replace(".", "/")
    sources = {path: (folder / path).read_text(encoding="utf-8") for path in modules(package)}
    assert [] == [
        one
        for path, source in sources.items()
        for one in violations(package, LAYERS[package], path, source)
    ]


@pytest.mark.parametrize(("package", "room"), SEPARATE)
def test_modules_of_a_room_of_commands_do_not_import_each_other(package: str, room: str) -> None:
    shared = {f"{package}.{room}.{name}" for name in SEPARATE[package, room]}
    for path in (path for path in modules(package) if room_of(path) == room):
        module = ".".join([package, *path.with_suffix("").parts])
        imported = [
            name
            for _, name in imported_modules(
                (ROOT / package / path).read_text(encoding="utf-8"), module
            )
        ]
        siblings = [name for name in imported if name.startswith(f"{package}.{room}.")]
        assert [] == [
            name for name in siblings if not any(name.startswith(one) for one in shared)
        ], path


@pytest.mark.parametrize(
    "source",
    [
        "from shop.top import thing",
        "import shop.top.thing",
        "from shop import top",
        "from ..top import thing",
        "from shop.beside import thing",
        "def later():\n    from shop.top.inner import thing",
    ],
)
def test_import_of_a_room_above_or_beside_is_found(source: str) -> None:
    layers = [{"top"}, {"middle", "beside"}, {"low"}]
    assert 1 == len(violations("shop", layers, Path("middle/one.py"), source))


@pytest.mark.parametrize(
    "source",
    [
        "from shop.low import thing",
        "from shop.middle.two import thing",
        "from .two import thing",
        "import shopping.top",
    ],
)
def test_import_of_a_room_below_or_of_the_same_room_is_allowed(source: str) -> None:
    layers = [{"top"}, {"middle", "beside"}, {"low"}]
    assert [] == violations("shop", layers, Path("middle/one.py"), source)
