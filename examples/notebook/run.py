"""Run workflow.ipynb from clean for `make notebook`, and write it with its outputs as a page."""

import os
import re
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from traitlets.config import Config

from cli.page import LOCAL_CLOUD, Origin, link_pages, render_page
from untrusted.terminal import say, say_error

NOTEBOOK = Path(__file__).with_name("workflow.ipynb")
FOLDER = Path("build/notebook")
REPORTS = FOLDER / "runs/notebook/default"
CELL_SECONDS = 1800  # on AWS, for the training
# By TCP, other users of this machine could connect to the kernel.
KERNEL = Config({"KernelManager": {"transport": "ipc"}})
# The folders of SAM CLI, IPython, Jupyter and matplotlib: by default in the home directory.
PRIVATE = (
    "__SAM_CLI_APP_DIR",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "MPLCONFIGDIR",
    "XDG_CACHE_HOME",
)


class NotebookComplainedError(Exception):
    """A cell wrote a warning or an error."""


def main() -> int:
    """Run the notebook; return 0 if no cell failed or wrote a warning, else 1.

    The page shows all cells that ran.
    """
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    os.environ |= private_folders(FOLDER)
    # SIGTERM stops the kernel as Ctrl-C does, and with it the local cloud.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    started = time.monotonic()
    failure = "interrupted"

    try:
        run(notebook)
        require_silence(notebook)
        failure = ""
    except (CellExecutionError, NotebookComplainedError) as exc:
        failure = "failed"
        say_error(exc)
    finally:
        verdict = failure or f"all cells ran in {time.monotonic() - started:.0f} s"
        page = FOLDER / "workflow.html"
        page.write_text(export(notebook, f"Notebook: {verdict}"), encoding="utf-8")
        reports = {"Evaluation": REPORTS / "report.html", "Drift": REPORTS / "drift.html"}
        link_pages({"Notebook": page, **reports})
        say(f"The notebook with its outputs: {page}")

    return 1 if failure else 0


def private_folders(folder: Path) -> dict[str, str]:
    """Make folders for the tools below a folder; return the variables that name them."""
    folders = {name: (folder / "home" / name.strip("_").lower()).resolve() for name in PRIVATE}
    for path in folders.values():
        path.mkdir(parents=True)
    return {name: str(path) for name, path in folders.items()}


def run(notebook: Any) -> None:
    """Run all cells, and print the name and the duration of each.

    Raises:
        CellExecutionError: A cell failed.
    """
    names = [cell["id"] for cell in notebook.cells if cell.cell_type == "code"]
    begun: dict[str, float] = {}

    def start(cell: Any, **_: Any) -> None:
        begun[cell["id"]] = time.monotonic()

    def end(cell: Any, **_: Any) -> None:
        place = names.index(cell["id"]) + 1
        seconds = time.monotonic() - begun[cell["id"]]
        say(f"  cell {place:2} of {len(names)}  {cell['id']:12} {seconds:5.1f} s")

    say(f"Running {len(names)} cells of {NOTEBOOK.name}")
    NotebookClient(
        notebook,
        config=KERNEL,
        timeout=CELL_SECONDS,
        coalesce_streams=True,
        resources={"metadata": {"path": "."}},
        on_cell_execute=start,
        on_cell_executed=end,
    ).execute()


def require_silence(notebook: Any) -> None:
    """Check that no cell wrote to standard error or wrote the word "warning".

    Raises:
        NotebookComplainedError: A cell did.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = output.get("text", "")
            if output.get("name") == "stderr" or "warning" in text.lower():
                raise NotebookComplainedError(f"The cell {cell['id']!r} wrote:\n{text}")


def export(notebook: Any, title: str) -> str:
    """Return the notebook as one HTML page that loads nothing."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    body = re.sub(r"<(/?)h1\b", r"<\1h2", body)  # the heading of the page is its title
    body = re.sub(r'(?<=href=")(?!\w+:|#)[^"]+', _link_from_page, body)
    is_local = any('WHERE = "local cloud"' in cell.source for cell in notebook.cells)
    origin = Origin(datetime.now(UTC), LOCAL_CLOUD if is_local else "AWS")
    content = Markup(body)  # noqa: S704 # nosec B704 - the page runs no script

    return render_page(
        Path(__file__).parent, "notebook.html.jinja", origin, title=title, body=content
    )


def _link_from_page(link: re.Match[str]) -> str:
    """Return a link of the notebook relative to the page."""
    return os.path.relpath(NOTEBOOK.parent / link[0], FOLDER)


if __name__ == "__main__":
    sys.exit(main())
