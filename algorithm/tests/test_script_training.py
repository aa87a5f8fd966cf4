"""Train as a script, in a folder shaped like /opt/ml."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from algorithm import model, script_training
from algorithm.offline_wheel import build_wheel

WHEEL_NAME = "inference-1.0.0-py3-none-any.whl"


def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    """Run the script; return its exit status."""
    monkeypatch.setenv("SM_MODEL_DIR", str(root / "model"))
    (root / "model").mkdir()
    with pytest.raises(SystemExit) as exited:
        script_training.main()
    return exited.value.code


def test_model_brings_its_code(
    job: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    (source / "packages").mkdir(parents=True)
    (source / "inference.py").write_text("")
    monkeypatch.setattr(script_training, "SOURCE", source)
    root = job(sagemaker_program="train.py")

    assert 0 == run(root, monkeypatch)

    assert {"model.json", "head.npz", "code"} == {one.name for one in (root / "model").iterdir()}
    assert {"inference.py", "setup.py"} == {one.name for one in (root / "model/code").iterdir()}


def test_other_archive_than_the_uploaded_one_is_the_reason_of_the_failure(
    job: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = job(sagemaker_source_digest=hashlib.sha256(b"uploaded").hexdigest())
    archive = root / script_training.ARCHIVE
    archive.parent.mkdir()
    archive.write_bytes(b"other")

    assert run(root, monkeypatch)

    reason = (root / "output/failure").read_text(encoding="utf-8")
    assert reason.startswith("TamperedSourceError: The source archive is not as it was packed")


def test_model_of_the_built_in_algorithm_is_the_reason_of_the_failure(
    job: Callable[..., Path], model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = job()
    channel = root / "input/data/model"
    channel.mkdir()
    model.pack(model_dir, channel / "model.tar.gz")

    assert run(root, monkeypatch)

    reason = (root / "output/failure").read_text(encoding="utf-8")
    assert reason.startswith("EarlierModelError: ")
    assert "is of the algorithm image-classification" in reason


def test_wheel_of_the_script_needs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path / WHEEL_NAME), *sys.path])

    assert WHEEL_NAME == build_wheel(str(tmp_path))

    import inference  # type: ignore[import-not-found]

    assert callable(inference.model_fn)
    assert str(tmp_path) == sys.path[0]
