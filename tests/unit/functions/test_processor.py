"""A package built for another processor fails with a message that names both processors."""

import platform
import sys
from pathlib import Path

import pytest

from functions.serialize_image.bounded_decoder import BoundedDecoder
from functions.serialize_image.processor import OtherProcessorError, check_modules

ARM = "_imaging.cpython-313-aarch64-linux-gnu.so"
X86 = "_imaging.cpython-313-x86_64-linux-gnu.so"
SENTENCE = (
    "The function was built for {} and runs on {}. Give the parameter Architecture={} to both"
)


@pytest.mark.parametrize(
    ("expected", "module", "machine"),
    [
        (SENTENCE.format("arm64", "x86_64", "x86_64"), ARM, "x86_64"),
        (SENTENCE.format("x86_64", "arm64", "arm64"), X86, "aarch64"),
    ],
)
def test_package_for_another_processor_is_refused(
    tmp_path: Path, expected: str, module: str, machine: str
) -> None:
    (tmp_path / module).touch()
    with pytest.raises(OtherProcessorError) as raised:
        check_modules(tmp_path, machine)
    assert str(raised.value).startswith(expected)


@pytest.mark.parametrize(
    ("module", "machine"), [(X86, "x86_64"), (ARM, "aarch64"), ("_imaging.abi3.so", "x86_64")]
)
def test_package_for_this_or_any_processor_is_not_refused(
    tmp_path: Path, module: str, machine: str
) -> None:
    (tmp_path / module).touch()
    check_modules(tmp_path, machine)


def test_decoder_does_not_start_on_another_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "PIL"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / (ARM if platform.machine() == "x86_64" else X86)).touch()

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "PIL", raising=False)
    with pytest.raises(OtherProcessorError, match="both `sam build` and `sam deploy`"):
        BoundedDecoder().start()
