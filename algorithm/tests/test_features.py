import hashlib
import logging
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from algorithm.augmentation import View
from algorithm.backbone import FEATURES, load_backbone
from algorithm.checkpoint import load_arrays, save_arrays
from algorithm.dataset import LabelledImage
from algorithm.features import FeatureStore, StoppedError
from algorithm.pixels import UndecodableImageError

VIEW = View("crop", 0, 256)


@pytest.fixture
def images(columns: bytes, blank: bytes) -> list[LabelledImage]:
    return [LabelledImage("columns", 1, columns), LabelledImage("a blank", 0, blank)]


def write(file: Path, image: bytes, value: float, backbone: str) -> None:
    """Write a file with the features of one image, all of the same value."""
    digests = np.frombuffer(hashlib.sha256(image).digest(), np.uint8)[np.newaxis]
    features = np.full((1, FEATURES), value, np.float32)
    save_arrays(file, {"backbone": np.array(backbone), "digests": digests, "features": features})


def test_of_channel_keeps_the_order_of_the_images(images: list[LabelledImage]) -> None:
    expected = [load_backbone().features(image.read()) for image in images]
    np.testing.assert_array_equal(expected, FeatureStore().of_channel("train", images, Event()))


def test_of_channel_logs_its_progress(
    images: list[LabelledImage], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    FeatureStore().of_channel("train", images, Event())
    assert caplog.messages[-1].startswith("Features of 2 of 2 images of train, ")


def test_of_channel_undecodable_image_is_named() -> None:
    with pytest.raises(UndecodableImageError, match=r"\(broken\.png\)"):
        FeatureStore().of_channel("train", [LabelledImage("broken.png", 0, b"no image")], Event())


def test_of_channel_uses_the_features_in_the_file(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    write(tmp_path / "features.npz", images[0].read(), 0.5, load_backbone().sha256)
    features = FeatureStore(tmp_path / "features.npz").of_channel("train", images, Event())
    np.testing.assert_array_equal(0.5, features[0])
    np.testing.assert_array_equal(load_backbone().features(images[1].read()), features[1])


def test_of_channel_adds_to_the_file(tmp_path: Path, images: list[LabelledImage]) -> None:
    for image in images:
        FeatureStore(tmp_path / "features.npz").of_channel("train", [image], Event())
    assert (2, FEATURES) == load_arrays(tmp_path / "features.npz", "features")["features"].shape


def test_of_channel_features_of_another_backbone_are_not_used(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    write(tmp_path / "features.npz", images[0].read(), 0.5, "another")
    features = FeatureStore(tmp_path / "features.npz").of_channel("train", images, Event())
    np.testing.assert_array_equal(load_backbone().features(images[0].read()), features[0])


def test_of_channel_stores_finished_features_when_stopped(
    tmp_path: Path, images: list[LabelledImage]
) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(StoppedError, match="1 of the 2 images of train"):
        FeatureStore(tmp_path / "features.npz").of_channel("train", images, stop)
    np.testing.assert_array_equal(
        [load_backbone().features(images[0].read())],
        load_arrays(tmp_path / "features.npz", "features")["features"],
    )


def test_of_channel_stores_views_apart_from_their_images(images: list[LabelledImage]) -> None:
    store = FeatureStore()
    plain, *views = (
        store.of_channel("train", images, Event(), view)
        for view in (None, VIEW, View("crop", 1, 256), VIEW)
    )
    assert all((plain != view).any() for view in views)
    assert (views[0] != views[1]).any()
    np.testing.assert_array_equal(views[0], views[2])
