import io
import json
import logging
import shutil
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from algorithm import job as algorithm_job
from algorithm import model
from algorithm.augmentation import VIEWS
from algorithm.backbone import load_backbone
from algorithm.hyperparameters import HyperparameterError
from algorithm.pixels import ImageTooSmallError, UndecodableImageError

Job = Callable[..., Path]


def run(root: Path) -> dict[str, bytes]:
    """Return the files of a job's model."""
    algorithm_job.run(root, Event())
    return {path.name: path.read_bytes() for path in (root / "model").iterdir()}


def description(root: Path) -> dict[str, dict[str, object]]:
    loaded = json.loads((root / "model" / "model.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the log lines of the epochs, without values."""
    return [message.partition("=")[0] for message in caplog.messages if message.startswith("Epoch")]


def as_recordio(root: Path) -> Path:
    """Return the same job with its channels as RecordIO."""
    for channel in ("train", "validation"):
        folder = root / "input" / "data" / channel
        records = b""
        for line in (
            (folder.with_name(f"{channel}_lst") / f"{channel}.lst").read_text().splitlines()
        ):
            _, label, name = line.split("\t")
            record = struct.pack("<IfQQ", 0, float(label), 0, 0) + (folder / name).read_bytes()
            records += (
                struct.pack("<II", 0xCED7230A, len(record)) + record + bytes(-len(record) % 4)
            )
        shutil.rmtree(folder.with_name(f"{channel}_lst"))
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / f"{channel}.rec").write_bytes(records)
    return root


def job_with(root: Path, **hyperparameters: str) -> Path:
    """Return the same job with other hyperparameters."""
    config = root / "input" / "config" / "hyperparameters.json"
    texts = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(texts | hyperparameters), encoding="utf-8")
    return root


def with_model(root: Path, model_dir: Path) -> Path:
    """Return the job with a channel `model` that has the model of a folder."""
    (root / "input" / "data" / "model").mkdir()
    model.pack(model_dir, root / "input" / "data" / "model" / "model.tar.gz")
    return root


def test_run_again_gives_the_same_model(job: Job) -> None:
    root = job()
    assert run(root) == run(root)


def test_run_recordio_gives_the_same_model_as_images(job: Job) -> None:
    root = job()
    assert run(root) == run(as_recordio(root))


def test_run_image_files_without_resize_are_refused(job: Job) -> None:
    root = job()
    config = root / "input" / "config" / "hyperparameters.json"
    texts = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(
        json.dumps({name: text for name, text in texts.items() if name != "resize"}),
        encoding="utf-8",
    )
    with pytest.raises(
        algorithm_job.ResizeMissingError, match=r"needs the hyperparameter resize.*\(train\)"
    ):
        run(root)
    with pytest.raises(ImageTooSmallError, match="it has 32 x 32 pixels"):
        run(as_recordio(root))


def test_run_trains_on_the_middle_of_the_resized_picture(job: Job) -> None:
    root = job()
    near = run(root)["head.npz"]
    assert near != run(job_with(root, resize="448"))["head.npz"]


def test_run_logs_each_epoch_as_the_built_in_algorithm_does(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = job(epochs="2", top_k="2")
    run(root)
    expected = ["Train-accuracy", "Train-top_k_accuracy_2", "Time cost"]
    expected += ["Validation-accuracy", "Validation-top_k_accuracy_2"]
    numbers = [0, 1, description(root)["epoch"]]  # the model is the best epoch's
    assert [f"Epoch[{number}] {word}" for number in numbers for word in expected] == messages(
        caplog
    )


def test_run_logs_that_the_number_of_layers_has_no_effect(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    run(job(num_layers="18"))
    assert "num_layers=18 has no effect: the backbone is EfficientNet-Lite0" in caplog.messages


def test_model_description_names_backbone_and_hyperparameters(model_dir: Path) -> None:
    written = description(model_dir.parent)
    assert {"name": "EfficientNet-Lite0", "sha256": load_backbone().sha256} == written["backbone"]
    assert "18" == written["asked"]["num_layers"]
    assert "5" == written["asked"]["epochs"]
    assert 5 == written["hyperparameters"]["epochs"]


def test_model_description_keeps_the_epoch_of_best_validation_accuracy(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = job()
    run(root)
    logged = [
        float(message.partition("=")[2]) for message in caplog.messages if "Validation-" in message
    ]
    written = json.loads((root / "model" / "model.json").read_text(encoding="utf-8"))
    assert max(logged) == logged[written["epoch"]] == written["metrics"]["validation"]["accuracy"]


def test_run_other_number_of_samples_is_a_warning(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    run(job(num_training_samples="9"))
    assert ["num_training_samples is not 4, the number of images"] == caplog.messages


def test_run_with_an_earlier_model_begins_with_it(job: Job, model_dir: Path) -> None:
    root = with_model(job(learning_rate="0.0"), model_dir)
    run(root)
    assert description(model_dir.parent)["metrics"] == description(root)["metrics"]


def test_run_earlier_model_of_other_classes_is_refused(job: Job, model_dir: Path) -> None:
    with pytest.raises(
        algorithm_job.EarlierModelError, match="the model has 2 classes, num_classes is 3"
    ):
        run(with_model(job(num_classes="3"), model_dir))


def with_code(model_dir: Path, folder: Path) -> Path:
    """Copy a model as a script writes it: with its code."""
    copied = Path(shutil.copytree(model_dir, folder / "model-of-a-script"))
    (copied / "code").mkdir()
    (copied / "code/inference.py").write_text("")
    return copied


def test_script_continues_from_the_model_of_a_script(
    job: Job, model_dir: Path, tmp_path: Path
) -> None:
    root = with_model(job(learning_rate="0.0"), with_code(model_dir, tmp_path))
    algorithm_job.run(root, Event(), in_script_mode=True)
    assert description(model_dir.parent)["metrics"] == description(root)["metrics"]


def test_script_refuses_the_model_of_the_built_in_algorithm(job: Job, model_dir: Path) -> None:
    root = with_model(job(), model_dir)
    with pytest.raises(
        algorithm_job.EarlierModelError,
        match=r"of the algorithm image-classification, and the job of transfer-learning",
    ):
        algorithm_job.run(root, Event(), in_script_mode=True)


def test_built_in_algorithm_refuses_the_model_of_a_script(
    job: Job, model_dir: Path, tmp_path: Path
) -> None:
    root = with_model(job(), with_code(model_dir, tmp_path))
    with pytest.raises(
        algorithm_job.EarlierModelError,
        match=r"of the algorithm transfer-learning, and the job of image-classification",
    ):
        run(root)


def test_run_without_an_archive_in_the_channel_model_is_refused(job: Job) -> None:
    root = job()
    (root / "input" / "data" / "model").mkdir()
    with pytest.raises(algorithm_job.EarlierModelError, match="it holds 0 archives"):
        run(root)


@pytest.mark.parametrize("name", ["image-classification-0030.params", "../head.npz", "head.npz"])
def test_run_archive_of_another_program_is_refused(job: Job, name: str) -> None:
    root = job()
    (root / "input" / "data" / "model").mkdir()
    with tarfile.open(root / "input" / "data" / "model" / "model.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(
        algorithm_job.EarlierModelError, match=r"model\.tar\.gz: .*(not found|part that is empty)"
    ):
        run(root)


def test_run_file_that_is_not_an_archive_is_refused(job: Job) -> None:
    root = job()
    (root / "input" / "data" / "model").mkdir()
    (root / "input" / "data" / "model" / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(algorithm_job.EarlierModelError, match="not a gzip file"):
        run(root)


def test_run_continues_an_interrupted_job(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    root = job(checkpoint_frequency="1")
    (root / "checkpoints").mkdir()
    run(root)
    caplog.clear()
    caplog.set_level(logging.INFO)
    run(root)
    # Four images and their crops for training, and four crops for validation.
    assert "The checkpoint has the features of 12 images" in caplog.messages
    assert "Resuming from the checkpoint after epoch 4" in caplog.messages
    of_the_model = [f"Epoch[{description(root)['epoch']}]"] * 3
    assert of_the_model == [message.split(" ")[0] for message in messages(caplog)]


def test_run_invalid_hyperparameter_leaves_no_model(job: Job) -> None:
    root = job(epochs="many")
    with pytest.raises(HyperparameterError, match="epochs: 'many'"):
        run(root)
    assert not (root / "model").exists()


def test_run_mini_batch_larger_than_a_channel_is_refused(job: Job) -> None:
    with pytest.raises(algorithm_job.TooFewImagesError, match="train has 4, mini_batch_size is 5"):
        run(job(mini_batch_size="5"))


def test_run_undecodable_image_is_named(job: Job) -> None:
    root = job()
    next((root / "input/data/train/columns").iterdir()).write_bytes(b"no image")
    with pytest.raises(UndecodableImageError, match="input/data/train/columns"):
        run(root)


def test_job_with_augmentation_trains_on_views_of_the_train_channel_alone(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root = job(augmentation_type="crop")
    algorithm_job.run(root, Event())
    read = [
        message.split(",")[0]
        for message in caplog.messages
        if message.startswith("Features of 4 of 4")
    ]
    train, validation = (
        "Features of 4 of 4 images of train",
        "Features of 4 of 4 images of validation",
    )
    assert [*[train] * (VIEWS + 2), validation] == read  # the crop, the views, the whole
    assert "crop" == description(root)["hyperparameters"]["augmentation_type"]
