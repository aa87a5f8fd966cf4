"""Serve models in place of the image of the built-in algorithm."""

from pathlib import Path

import pytest

from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION, OtherAlgorithmError


def test_model_of_a_script_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(OtherAlgorithmError, match="cannot serve"):
        IMAGE_CLASSIFICATION.serve(tmp_path, {})
