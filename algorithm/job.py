"""Run a training job in a folder shaped like /opt/ml, and write its model."""

import logging
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from algorithm import hyperparameters, model
from algorithm.augmentation import VIEWS, View
from algorithm.backbone import load_backbone
from algorithm.dataset import LabelledImage, content_types, read_channel
from algorithm.epochs import Channel, Epochs
from algorithm.errors import AlgorithmError
from algorithm.features import FeatureStore
from algorithm.head import Head, Labels
from algorithm.hyperparameters import Hyperparameters
from algorithm.pixels import CentreCrop
from algorithm.progress import Epoch

CHANNELS = ("train", "validation")

logger = logging.getLogger(__name__)


class TooFewImagesError(AlgorithmError):
    """The train and the validation channel each need at least mini_batch_size images."""


class ResizeMissingError(AlgorithmError):
    """A channel of image files needs the hyperparameter resize: 256 for image_shape 3,224,224."""


class EarlierModelError(AlgorithmError):
    """The channel model needs one model.tar.gz of this algorithm with the same classes."""


def run(root: Path, stop: Event, *, in_script_mode: bool = False) -> None:
    """Run the job in a folder. When `stop` is set, end soon with the best model so far.

    Args:
        root: The folder, shaped like /opt/ml.
        stop: Ends the job.
        in_script_mode: Whether a script in AWS's scikit-learn container is the caller; otherwise
            the job stands for one of the built-in algorithm. Each continues from its own models.

    Raises:
        AlgorithmError: the input is invalid; the message has the reason.
        StoppedError: the job was stopped before there was a model.
    """
    config, data = root / "input" / "config", root / "input" / "data"
    texts = hyperparameters.read(config / "hyperparameters.json")
    chosen = hyperparameters.parse(texts)
    log_configuration(chosen)
    head = earlier_head(data / "model", chosen, in_script_mode=in_script_mode)
    types = content_types(config / "inputdataconfig.json")
    images = {
        name: read_channel(data, name, chosen.num_classes, types.get(name)) for name in CHANNELS
    }
    check_counts(images, chosen)
    check_resize(images, chosen)
    checkpoints = root / "checkpoints" if (root / "checkpoints").is_dir() else None
    store = FeatureStore(checkpoints and checkpoints / "features.npz")
    train = train_channel(store, images["train"], chosen, stop)
    validation = validation_channel(store, images["validation"], chosen, stop)
    best = Epochs(
        train, validation, chosen, head, checkpoints and checkpoints / "progress.npz"
    ).run(stop)
    (root / "model").mkdir(parents=True, exist_ok=True)
    model.save(root / "model", best.head, description(best, chosen, texts))


def train_channel(
    store: FeatureStore, images: list[LabelledImage], chosen: Hyperparameters, stop: Event
) -> Channel:
    """Return the whole images, as in serving, and as views the crops and the augmented images.

    Raises:
        AlgorithmError: an image cannot be read.
        StoppedError: `stop` was set.
    """
    views: list[View | CentreCrop] = [CentreCrop(chosen.resize)]
    if kind := chosen.augmentation_type:
        views += [View(kind, number, chosen.resize) for number in range(VIEWS)]
    crops, *augmented = (store.of_channel("train", images, stop, view) for view in views)
    whole = store.of_channel("train", images, stop)
    return Channel(whole, labels_of(images), (crops, *augmented))


def validation_channel(
    store: FeatureStore, images: list[LabelledImage], chosen: Hyperparameters, stop: Event
) -> Channel:
    """Return the crops of the images, as the built-in algorithm validates.

    Raises:
        AlgorithmError: an image cannot be read.
        StoppedError: `stop` was set.
    """
    crops = store.of_channel("validation", images, stop, CentreCrop(chosen.resize))
    return Channel(crops, labels_of(images))


def labels_of(images: list[LabelledImage]) -> Labels:
    """Return the class indices of images."""
    return np.array([image.label for image in images])


def log_configuration(chosen: Hyperparameters) -> None:
    """Log the plan of the job, and hyperparameters that have no effect."""
    values = {name: value for name, value in asdict(chosen).items() if value is not None}
    logger.info("Final configuration: %s", values)
    for name in hyperparameters.WITHOUT_EFFECT:
        if name in values:
            logger.info(
                "%s=%s has no effect: the backbone is %s", name, values[name], load_backbone().name
            )


def earlier_head(
    folder: Path, chosen: Hyperparameters, *, in_script_mode: bool = False
) -> Head | None:
    """Return the head in the channel `model`, for incremental training; None without that channel.

    Raises:
        EarlierModelError: the channel has no usable model.
        BackboneMismatchError: the model was trained on another backbone.
    """
    if not folder.exists():
        return None
    archives = sorted(folder.rglob("*.tar.gz"))
    if len(archives) != 1:
        raise EarlierModelError(f"it holds {len(archives)} archives")
    try:
        head = model.load_archive(archives[0], in_script_mode=in_script_mode).head
    except model.InvalidModelError as error:
        raise EarlierModelError(error.detail) from error
    if len(head.bias) != chosen.num_classes:
        raise EarlierModelError(
            f"the model has {len(head.bias)} classes, num_classes is {chosen.num_classes}"
        )
    logger.info("Training begins with the model in the channel model")
    return head


def check_counts(images: dict[str, list[LabelledImage]], chosen: Hyperparameters) -> None:
    """Require a mini-batch in each channel, and warn about a wrong num_training_samples.

    Raises:
        TooFewImagesError: a channel has fewer images than a mini-batch.
    """
    for name, channel in images.items():
        if len(channel) < chosen.mini_batch_size:
            raise TooFewImagesError(
                f"{name} has {len(channel)}, mini_batch_size is {chosen.mini_batch_size}"
            )
    if len(images["train"]) != chosen.num_training_samples:
        logger.warning("num_training_samples is not %s, the number of images", len(images["train"]))


def check_resize(images: dict[str, list[LabelledImage]], chosen: Hyperparameters) -> None:
    """Require `resize` for image files.

    Raises:
        ResizeMissingError: a channel has image files and `resize` is not set.
    """
    if chosen.resize is None:
        for name, channel in images.items():
            if isinstance(channel[0].source, Path):
                raise ResizeMissingError(name)


def description(best: Epoch, chosen: Hyperparameters, texts: dict[str, str]) -> dict[str, Any]:
    """Return the content of model.json."""
    backbone = load_backbone()
    return {
        "algorithm": "image-classification",
        "backbone": {"name": backbone.name, "sha256": backbone.sha256},
        "num_classes": chosen.num_classes,
        "hyperparameters": asdict(chosen),
        "asked": texts,
        "epoch": best.number,
        "metrics": {"train": best.train, "validation": best.validation},
    }
