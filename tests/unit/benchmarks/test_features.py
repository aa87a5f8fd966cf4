"""Select photos of the features that benchmarks share."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import cifar10, features
from benchmarks.features import Photos, backbone_features
from untrusted.console import Console

PHOTOS = Photos(np.arange(8.0).reshape(4, 2), np.array([9, 0, 1, 9]))
TRUCK = 9


def test_photos_of_two_classes_have_labels_in_the_order_of_the_names() -> None:
    vehicles = PHOTOS.of_classes("truck", "automobile")
    assert [0, 1, 0] == list(vehicles.labels)
    assert [0.0, 4.0, 6.0] == list(vehicles.features[:, 0])


def test_features_of_equal_photos_are_equal() -> None:
    photo = np.full((1, cifar10.SIDE, cifar10.SIDE, 3), 90, dtype=np.uint8)
    first, second = backbone_features(np.vstack([photo, photo]), Console(quiet=True), "Features")
    assert np.array_equal(first, second)
    assert first.any()


def test_stored_features_are_read_without_the_backbone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = np.ones((features.PART, 4))
    features._write(features._file(tmp_path, "test", 0), stored)
    labels = f"[{TRUCK}, 0, 1]".encode()
    monkeypatch.setattr(cifar10, "members", lambda archive, names: {"test_lables.json": labels})
    monkeypatch.setattr(type(cifar10.PACKAGE), "archive", lambda *_: tmp_path)
    found = features.photos("test", 3, tmp_path)
    assert (3, 4) == found.features.shape
    assert [TRUCK, 0, 1] == list(found.labels)
    assert [tmp_path / features._file(tmp_path, "test", 0).name] == [*tmp_path.iterdir()]
