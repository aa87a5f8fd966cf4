"""Every patch of MiniStack says why it is there, and when it can go."""

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
def test_patch_says_what_ministack_does_what_aws_does_and_when_it_can_go(path: Path) -> None:
    lines = (ast.get_docstring(tree_of(path)) or "").splitlines()
    for beginning in ("MiniStack: ", "AWS: ", "Source: ", "Remove "):
        assert any(line.startswith(beginning) for line in lines), beginning


def test_there_are_patches_to_look_at() -> None:
    assert len(patches()) >= 20
