import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.algorithm import model, train
from local.algorithm.backbone import load_backbone

Job = Callable[..., Path]


def failure(root: Path) -> str:
    return (root / "output" / "failure").read_text(encoding="utf-8")


def test_run_good_job_leaves_a_model_and_no_failure(job: Job) -> None:
    root = job()
    assert 0 == train.run(root)
    assert {"head.npz", "model.json"} == {path.name for path in (root / "model").iterdir()}
    assert not (root / "output").exists()


def test_run_again_gives_the_same_model(job: Job, tmp_path: Path) -> None:
    root = job()
    archives = []
    for name in ("first.tar.gz", "second.tar.gz"):
        train.run(root)
        archives.append(model.pack(root / "model", tmp_path / name).read_bytes())
    assert archives[0] == archives[1]


def test_run_logs_each_epoch_as_the_built_in_algorithm_does(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    train.run(job(epochs="2"))
    expected = ["Epoch[0] Train-accuracy", "Epoch[0] Validation-accuracy"]
    expected += ["Epoch[1] Train-accuracy", "Epoch[1] Validation-accuracy"]
    assert expected == [message.partition("=")[0] for message in caplog.messages]
    assert all(0 <= float(message.partition("=")[2]) <= 1 for message in caplog.messages)


def test_model_description_names_the_backbone_and_what_it_was_asked_for(model_dir: Path) -> None:
    description = json.loads((model_dir / "model.json").read_text(encoding="utf-8"))
    assert {"name": "EfficientNet-Lite0", "sha256": load_backbone().sha256} == description["backbone"]
    assert ("18", 5) == (description["hyperparameters"]["num_layers"], description["hyperparameters"]["epochs"])


def test_model_description_keeps_the_epoch_of_best_validation_accuracy(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = job()
    train.run(root)
    logged = [float(message.partition("=")[2]) for message in caplog.messages if "Validation" in message]
    description = json.loads((root / "model" / "model.json").read_text(encoding="utf-8"))
    assert max(logged) == logged[description["epoch"]] == description["metrics"]["validation"]["accuracy"]


def test_run_other_number_of_samples_is_a_warning(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    assert 0 == train.run(job(num_training_samples="9"))
    assert ["num_training_samples is not 8, the number of images"] == caplog.messages


def test_run_bad_hyperparameter_ends_with_the_reason(job: Job) -> None:
    root = job(epochs="many")
    assert 1 == train.run(root)
    assert "HyperparameterError: A hyperparameter is missing, unknown or out of its range. (epochs: 'many'" in failure(
        root
    )
    assert not (root / "model").exists()


def test_run_mini_batch_larger_than_a_channel_ends_with_the_reason(job: Job) -> None:
    root = job(mini_batch_size="9")
    assert 1 == train.run(root)
    assert failure(root).startswith("TooFewImagesError: ")


def test_run_undecodable_image_ends_with_its_name(job: Job) -> None:
    root = job()
    next((root / "input/data/train/truck").iterdir()).write_bytes(b"no image")
    assert 1 == train.run(root)
    assert failure(root).startswith("UndecodableImageError: ")
    assert "input/data/train/truck" in failure(root)


def test_run_unforeseen_error_ends_with_its_name(job: Job) -> None:
    root = job()
    (root / "model").write_text("in the way", encoding="utf-8")
    assert 1 == train.run(root)
    assert failure(root).startswith("FileExistsError: ")


def test_command_failed_job_has_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.algorithm.train", str(tmp_path)]
    finished = subprocess.run(command, cwd=Path(__file__).parents[4], capture_output=True, text=True, check=False)
    assert (1, "") == (finished.returncode, finished.stderr)
    assert "HyperparameterError" in finished.stdout
