"""Provide a small training job on pictures of stripes, and its model."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from algorithm import job as algorithm_job
from algorithm.tests.pictures import CLASSES, picture

IMAGES_A_CLASS = 2
SPLITS = ("train", "validation")


def write_job(root: Path, **hyperparameters: str) -> Path:
    """Make a folder shaped like /opt/ml with a few pictures of each class."""
    for number_of_split, channel in enumerate(SPLITS):
        lines: list[str] = []
        for label, name in enumerate(CLASSES):
            for number in range(IMAGES_A_CLASS):
                image = root / "input" / "data" / channel / name / f"{number}.png"
                image.parent.mkdir(parents=True, exist_ok=True)
                image.write_bytes(picture(label, IMAGES_A_CLASS * number_of_split + number))
                lines.append(f"{len(lines)}\t{label}\t{name}/{image.name}\n")
        image_list = root / "input" / "data" / f"{channel}_lst" / f"{channel}.lst"
        image_list.parent.mkdir()
        image_list.write_text("".join(lines), encoding="utf-8")
    texts = {
        "num_classes": "2",
        "num_training_samples": "4",
        "mini_batch_size": "2",
        "epochs": "5",
        "resize": "256",
    }
    config = root / "input" / "config" / "hyperparameters.json"
    config.parent.mkdir()
    config.write_text(json.dumps(texts | hyperparameters), encoding="utf-8")
    return root


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Path]:
    """Make a job's folder, with hyperparameters to add or change."""
    return lambda **hyperparameters: write_job(tmp_path, **hyperparameters)


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model folder of a finished job. Tests must not change it."""
    root = write_job(tmp_path_factory.mktemp("job"), num_layers="18")
    algorithm_job.run(root, Event())
    return root / "model"


@pytest.fixture(scope="session")
def columns() -> bytes:
    """Return a PNG of the second class that no job was trained on."""
    return picture(CLASSES.index("columns"), IMAGES_A_CLASS * len(SPLITS))


@pytest.fixture(scope="session")
def blank() -> bytes:
    """Return a white PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "white").save(buffer, "PNG")
    return buffer.getvalue()
