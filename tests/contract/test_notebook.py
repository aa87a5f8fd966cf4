"""Check the committed notebook."""

import ast
import importlib
import json
import re
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "examples/notebook/workflow.ipynb"


def test_notebook_is_committed_without_outputs() -> None:
    cells = [
        cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    assert cells
    assert [] == [
        cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"] is not None
    ]


def test_notebook_imports_names_of_the_tools_that_exist() -> None:
    cells = [
        cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    python = [cell["source"] for cell in cells if not cell["source"][0].startswith("%%")]
    trees = [
        ast.parse("".join(line for line in lines if not line.startswith("%"))) for lines in python
    ]
    imported = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    ]
    ours = [
        node for node in imported if node.module and node.module.startswith(("cli.", "training."))
    ]
    assert ours
    for node in ours:
        module = importlib.import_module(str(node.module))
        assert [] == [alias.name for alias in node.names if not hasattr(module, alias.name)], (
            node.module
        )


def test_links_of_the_notebook_lead_to_files() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    text = "".join(
        line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"]
    )
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert links
    assert [] == [link for link in links if not (NOTEBOOK.parent / link).exists()]
