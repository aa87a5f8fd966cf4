import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from algorithm.backbone import FEATURES, ONNX_FILE, BackboneFileError, load_backbone


def description() -> dict[str, object]:
    loaded = json.loads(ONNX_FILE.with_suffix(".json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_features_of_an_image_are_finite_numbers_of_the_described_shape(columns: bytes) -> None:
    features = load_backbone().features(columns)
    assert {
        "name": "features",
        "type": str(features.dtype),
        "shape": ["batch", len(features)],
    } == description()["output"]
    assert (FEATURES,) == features.shape
    assert np.isfinite(features).all()


def test_load_backbone_twice_gives_the_same_session() -> None:
    assert load_backbone().session is load_backbone().session


def test_load_backbone_changed_file_is_refused(tmp_path: Path) -> None:
    shutil.copy(ONNX_FILE.with_suffix(".json"), tmp_path)
    (tmp_path / ONNX_FILE.name).write_bytes(ONNX_FILE.read_bytes()[:-1])
    with pytest.raises(BackboneFileError, match="sha256"):
        load_backbone(tmp_path / ONNX_FILE.name)


def test_load_backbone_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackboneFileError, match=r"backbone\.onnx"):
        load_backbone(tmp_path / ONNX_FILE.name)


def test_backbone_file_is_at_most_8_mb() -> None:
    assert 8_000_000 >= ONNX_FILE.stat().st_size
