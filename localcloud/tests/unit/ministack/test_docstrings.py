"""The docstring of every patch names its reason, its source and its removal."""

import ast
from pathlib import Path

import pytest

PATCHES = Path(__file__).parents[3] / "ministack"


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def patches() -> list[Path]:
    """The modules that install a patch."""
    return [
        path
        for path in sorted(PATCHES.rglob("*.py"))
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "install"
            for node in tree_of(path).body
        )
    ]


@pytest.mark.parametrize("path", patches(), ids=lambda path: path.relative_to(PATCHES).as_posix())
def test_patch_names_both_behaviours_its_source_and_its_removal(path: Path) -> None:
    lines = (ast.get_docstring(tree_of(path)) or "").splitlines()
    for beginning in ("MiniStack: ", "AWS: ", "Source: ", "Remove "):
        assert any(line.startswith(beginning) for line in lines), beginning


def test_patches_are_found() -> None:
    assert len(patches()) >= 20
