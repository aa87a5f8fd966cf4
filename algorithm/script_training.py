"""Train in script mode: in a container that unpacks and runs a source archive.

The container sets SM_MODEL_DIR and passes the hyperparameters as arguments as well, which are not
read. The model brings the source archive along in its folder `code`, so that the same container
can serve it.
"""

import json
import os
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

from algorithm.errors import AlgorithmError
from algorithm.failure import write_failure
from algorithm.packages import CODE, SOURCE, bring_packages, require_digest
from untrusted.terminal import say_error

ARCHIVE = Path("input/data/code/sourcedir.tar.gz")  # the channel `code`
DIGEST = "sagemaker_source_digest"  # the hyperparameter with the sha256 of the source archive


def main() -> None:
    """Run the job of the environment, and exit with its status."""
    root = Path(os.environ["SM_MODEL_DIR"]).parent
    try:
        _require_source(root)
        bring_packages()
    except AlgorithmError as error:
        write_failure(root, error)
        say_error(error, named=True)
        sys.exit(1)

    from algorithm import train  # it needs the packages

    status = train.run(root, train.prepare_process(), in_script_mode=True)
    if status == 0 and any((root / "model").iterdir()):
        _bring_code(root / "model" / CODE)
    sys.exit(status)


def _bring_code(folder: Path) -> None:
    """Copy the source archive into the model.

    The container that serves writes three files into a folder of code without setup.py, and a
    serverless endpoint may not allow it. pip reads pyproject.toml instead. The source archive has
    no setup.py, because the container that trains would install it.
    """
    copytree(SOURCE, folder, ignore=ignore_patterns("packages", "__pycache__"))
    (folder / "setup.py").write_text("from setuptools import setup\n\nsetup()\n", encoding="utf-8")


def _require_source(root: Path) -> None:
    """Refuse a source archive with another digest than the hyperparameter."""
    settings = json.loads((root / "input/config/hyperparameters.json").read_text(encoding="utf-8"))
    if sha256 := settings.get(DIGEST):
        require_digest(root / ARCHIVE, sha256)
