"""A package that was built for another processor says so, in the sentence that Lambda and the workflow keep."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from functions.serialize_image.pillow import other_processor

ROOT = Path(__file__).parents[3]
ARM, X86 = "_imaging.cpython-313-aarch64-linux-gnu.so", "_imaging.cpython-313-x86_64-linux-gnu.so"
SENTENCE = "The function was built for {} and runs on {}. Give the parameter Architecture={} to both"


@pytest.mark.parametrize(
    ("expected", "module", "machine"),
    [
        (SENTENCE.format("arm64", "x86_64", "x86_64"), ARM, "x86_64"),
        (SENTENCE.format("x86_64", "arm64", "arm64"), X86, "aarch64"),
        ("None", X86, "x86_64"),
        ("None", ARM, "aarch64"),
        ("None", "_imaging.abi3.so", "x86_64"),
    ],
)
def test_processor_is_named_where_the_package_is_for_another(
    tmp_path: Path, expected: str, module: str, machine: str
) -> None:
    (tmp_path / module).touch()
    assert str(other_processor(tmp_path, machine)).startswith(expected)


def imported(*path: Path) -> str:
    """The last line of what importing the handler's preparation prints."""
    command = [sys.executable, "-S", "-c", "import functions.serialize_image.image_preparation"]
    environment = {"PYTHONPATH": ":".join(map(str, (*path, ROOT)))}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return ended.stderr.splitlines()[-1]


def test_wheel_of_another_processor_is_the_error_of_the_import(tmp_path: Path) -> None:
    package = tmp_path / "PIL"
    package.mkdir()
    for name in ("__init__", "ExifTags", "WebPImagePlugin"):
        (package / f"{name}.py").touch()
    (package / "Image.py").write_text("from . import _imaging as core")
    assert "cannot import name '_imaging'" in imported(tmp_path)
    (package / (ARM if platform.machine() == "x86_64" else X86)).touch()
    assert "OtherProcessorError: The function was built for" in imported(tmp_path)


def test_pillow_that_is_not_there_stays_the_error_that_it_is() -> None:
    assert "ModuleNotFoundError: No module named 'PIL'" == imported()
