"""The notebook as it is committed."""

import json
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "examples/notebook/workflow.ipynb"


def test_notebook_is_committed_without_outputs() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [] == [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"] is not None]
