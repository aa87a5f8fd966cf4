"""The import rules: a directed graph from handlers to pure modules, and from nothing to tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
OURS = {
    *("algorithm", "benchmarks", "cli", "documents", "examples", "functions", "localcloud"),
    *("operations", "review", "scones", "statemachine", "training", "untrusted"),
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "main", "misc"}


SHARED = ["observability.aws_error"]


def sources(folder: str) -> list[Path]:
    """The modules of a folder; tests inside of a package are not among them."""
    found = sorted((ROOT / folder).rglob("*.py"))
    return [path for path in found if "tests" not in path.relative_to(ROOT / folder).parts]


def imports(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = (
                path.relative_to(ROOT).parent.parts[: 1 - node.level or None] if node.level else ()
            )
            found.add(".".join([*package, *([node.module] if node.module else [])]))
    return found


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_no_other_function_nor_training_nor_local(function: str) -> None:
    own = f"functions.{function}"
    for path in sources(f"functions/{function}"):
        ours = [name for name in imports(path) if name.split(".")[0] in {*OURS, "tests"}]
        assert [] == [name for name in ours if not inside(name, own)], path


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_handler_module_reaches_beyond_the_standard_library_and_decoders(
    function: str,
) -> None:
    for path in sources(f"functions/{function}"):
        if path.name != "app.py":
            roots = {name.split(".")[0] for name in imports(path)}
            assert set() == roots - sys.stdlib_module_names - {
                "PIL",
                "_pi_heif",
                "functions",
                "observability",
            }, path
            assert set() == {n for n in imports(path) if inside(n, "observability")} - set(SHARED)


@pytest.mark.parametrize("module", SHARED)
def test_shared_module_is_in_the_layer_and_needs_only_the_standard_library(
    module: str,
) -> None:
    assert imports(
        ROOT / f"layers/observability/python/{module.replace('.', '/')}.py"
    ) <= sys.stdlib_module_names | {"collections.abc"}


def test_pure_modules_do_not_import_their_handler() -> None:
    assert [] == [
        p for p in sources("functions") if any(name.endswith(".app") for name in imports(p))
    ]


def test_training_imports_only_the_image_preparation_of_the_service() -> None:
    taken = {
        name for path in sources("training") for name in imports(path) if inside(name, "functions")
    }
    preparation = {"image_preparation", "perceptual_hash"}
    assert {f"functions.serialize_image.{module}" for module in preparation} == taken


def test_local_cloud_knows_the_algorithm_in_one_entry_of_its_registry() -> None:
    knowing = [
        p for p in sources("localcloud") if any(inside(name, "algorithm") for name in imports(p))
    ]
    assert [ROOT / "localcloud/sagemaker/image_classification.py"] == knowing


def test_the_tools_do_not_know_the_local_cloud() -> None:
    tools = ("cli", "training", "review", "operations", "scones")
    assert [] == [
        p
        for t in tools
        for p in sources(t)
        if any(inside(name, "localcloud") for name in imports(p))
    ]


def test_training_and_operations_share_nothing_but_cli_and_documents() -> None:
    allowed = {
        "cli": {"cli", "untrusted"},
        "documents": {"documents"},
        "operations": {"cli", "documents", "operations", "review", "untrusted"},
        "review": {"algorithm", "cli", "functions", "review", "training", "untrusted"},
        "scones": {"cli", "operations", "scones", "training", "untrusted"},
        "untrusted": {"untrusted"},
    }
    for folder, own in allowed.items():
        for path in sources(folder):
            assert set() == {name.split(".")[0] for name in imports(path)} & OURS - own, path

    above = ("operations", "review")
    for path in sources("training"):
        assert not [name for name in imports(path) if any(inside(name, one) for one in above)], path


def test_archives_and_shown_text_need_the_standard_library_alone() -> None:
    of_others = {"console.py": {"rich"}, "page.py": {"jinja2", "markupsafe"}}
    for path in sources("untrusted"):
        roots = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names
        assert roots <= {"untrusted"} | of_others.get(path.name, set()), path


def test_nobody_but_benchmarks_imports_tests() -> None:
    folders = (
        "functions",
        "layers",
        "localcloud",
        "algorithm",
        "examples",
        "cli",
        "documents",
        "training",
        "operations",
        "scones",
        "untrusted",
    )
    assert [] == [
        p for f in folders for p in sources(f) if any(inside(name, "tests") for name in imports(p))
    ]


def test_soak_imports_no_function_whose_layer_it_does_not_have() -> None:
    soak = sorted((ROOT / "tests/soak").rglob("*.py"))
    assert soak
    assert [] == [path for path in soak if any(inside(name, "functions") for name in imports(path))]


def test_no_module_has_a_meaningless_name() -> None:
    folders = (*OURS, "layers", "tests")
    assert [] == [p for folder in folders for p in sources(folder) if p.stem in FORBIDDEN_NAMES]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_handler_needs_no_environment(function: str) -> None:
    command = [sys.executable, "-W", "error", "-c", f"import functions.{function}.app"]
    # Lambda puts layers on the path the same way.
    layer = {"PYTHONPATH": "layers/observability/python"}
    result = subprocess.run(
        command, cwd=ROOT, env=layer, capture_output=True, text=True, check=False
    )
    assert 0 == result.returncode
    assert "" == result.stdout + result.stderr
