"""Distinguish labels that contradict a model from errors that its confidence foresees."""

import numpy as np
import pytest

from training.statistics.label_conflict import LabelConflict, label_conflict
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee

GUARANTEE = PrecisionGuarantee(0.95, 0.95)  # tests no fewer than 59 images
IMAGES = 1_000


def conflict(
    *differing: int, images: int = IMAGES, confidence: float = 0.999
) -> LabelConflict | None:
    """Return the conflict of images, whose confidence falls slowly, if these labels differ."""
    confidences = np.linspace(confidence, confidence - 0.01, images)
    right = ~np.isin(np.arange(images), differing)
    return label_conflict(confidences, right, Candidates.of(confidences, right), GUARANTEE)


def test_differing_labels_of_the_most_confident_images_are_a_conflict() -> None:
    found = conflict(*range(0, 200, 20))
    assert found is not None
    assert 200 == found.images
    assert tuple(range(0, 200, 20)) == found.differing
    assert found.foreseen == pytest.approx(0.4, abs=0.01)


def test_differing_labels_of_less_confident_images_are_no_conflict() -> None:
    assert conflict(*range(200, 1_000, 20)) is None


def test_errors_that_the_confidence_foresees_are_no_conflict() -> None:
    assert conflict(*range(0, 200, 20), confidence=0.95) is None


def test_one_differing_label_is_no_conflict() -> None:
    assert conflict(7) is None


def test_predictions_that_are_mostly_wrong_are_no_conflict() -> None:
    assert conflict(*range(150)) is None


def test_too_few_images_for_the_guarantee_are_no_conflict() -> None:
    assert conflict(0, 1, 2, images=58) is None


def test_small_set_is_looked_at_as_far_as_the_guarantee_needs() -> None:
    found = conflict(0, 1, 2, 3, images=100)
    assert found is not None
    assert 60 == found.images
