"""AWS's error answers are read in two places: elsewhere a null message would raise TypeError."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contract.test_architecture import sources

ROOT = Path(__file__).parents[2]
PACKAGES = [
    "functions",
    "layers",
    "cli",
    "operations",
    "training",
    "localcloud",
    "algorithm",
    "examples",
    "benchmarks",
    "untrusted",
]
BORDERS = {"layers/observability/python/observability/aws_error.py", "cli/aws.py"}


def reads_error(source: str) -> bool:
    """Return whether a module reads the member "Error" of a mapping."""
    return any(key == "Error" for node in ast.walk(ast.parse(source)) for key in keys(node))


def keys(node: ast.AST) -> Iterator[object]:
    match node:
        case ast.Subscript(ctx=ast.Load(), slice=ast.Constant(value=key)):
            yield key
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=key), *_]):
            yield key


def test_only_the_borders_read_aws_errors() -> None:
    modules = [path for package in PACKAGES for path in sources(package)]
    assert len(modules) > 200
    assert BORDERS == {
        str(path.relative_to(ROOT)) for path in modules if reads_error(path.read_text())
    }
