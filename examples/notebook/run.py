"""`make notebook`: run workflow.ipynb from clean and keep it, with what it shows, as a page."""

import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from traitlets.config import Config

from untrusted.terminal import say, say_error

NOTEBOOK = Path(__file__).with_name("workflow.ipynb")
FOLDER = Path("build/notebook")
CELL_SECONDS = 1800  # on AWS, for the training
KERNEL = Config(
    {"KernelManager": {"transport": "ipc"}}
)  # by TCP, others on this machine could listen


class NotebookComplainedError(Exception):
    """A cell has written a warning or an error."""


def main() -> int:
    """Run it; return 0 if no cell has failed or complained, else 1. The page shows all cells that have run."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    # Ended from outside, as by Ctrl-C: the kernel is stopped, and with it the local cloud.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    try:
        NotebookClient(
            notebook,
            config=KERNEL,
            timeout=CELL_SECONDS,
            coalesce_streams=True,
            resources={"metadata": {"path": "."}},
        ).execute()
        require_silence(notebook)
    except (CellExecutionError, NotebookComplainedError) as exc:
        say_error(exc)
        return 1
    finally:
        page = FOLDER / "workflow.html"
        page.write_text(export(notebook), encoding="utf-8")
        say(f"The notebook, with what it shows: {page}")
    return 0


def require_silence(notebook: Any) -> None:
    """Raise NotebookComplainedError if a cell has written to standard error, or the word "warning" anywhere."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = output.get("text", "")
            if output.get("name") == "stderr" or "warning" in text.lower():
                raise NotebookComplainedError(f"The cell {cell['id']!r} says:\n{text}")


def export(notebook: Any) -> str:
    """The notebook as one HTML page that loads nothing from elsewhere."""
    page, _ = HTMLExporter(require_js_url="", mathjax_url="", jquery_url="").from_notebook_node(
        notebook
    )
    return str(page)


if __name__ == "__main__":
    sys.exit(main())
