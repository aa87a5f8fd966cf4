"""Build the wheel that a container installs for a script, without any other package.

The container of a model runs `pip install .` in the folder of its script, and imports the script's
module from anywhere afterwards. pip calls `build_wheel` (PEP 517) in that folder. The wheel has one
module, which imports the functions from the folder: installing it needs no network and no copy of
the packages.
"""

import zipfile
from pathlib import Path
from typing import Any

MODULE = "inference"
NAME = f"{MODULE}-1.0.0-py3-none-any.whl"
FUNCTIONS = "input_fn, model_fn, output_fn, predict_fn"
_INFO = f"{MODULE}-1.0.0.dist-info"


def build_wheel(
    wheel_directory: str, _settings: Any = None, _metadata_directory: Any = None
) -> str:
    """Write the wheel for the script in the current folder, and return its name."""
    source = Path.cwd()
    files = {
        f"{MODULE}.py": module(source),
        f"{_INFO}/METADATA": f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1.0.0\n",
        f"{_INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    listed = "".join(f"{name},,\n" for name in (*files, f"{_INFO}/RECORD"))
    with zipfile.ZipFile(Path(wheel_directory, NAME), "w") as wheel:
        for name, text in {**files, f"{_INFO}/RECORD": listed}.items():
            wheel.writestr(name, text)
    return NAME


def module(source: Path | None = None) -> str:
    """Return the module of the script; with a folder, it may be imported from anywhere."""
    found = f"import sys\n\nsys.path.insert(0, {str(source)!r})\n" if source else ""
    return f"{found}from algorithm.script_serving import {FUNCTIONS}  # noqa\n"
