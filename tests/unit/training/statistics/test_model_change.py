"""The decisions of two successive models."""

import pytest

from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.statistics.model_change import Decision, Decisions, ModelChange, compare, decide

CARD = {"labels": ["car", "truck"], "temperature": 1.0, "recommended_threshold": 0.8}
LABELS = {"a": "car", "b": "car", "c": "truck", "d": "truck"}


def decisions(**predictions: str) -> Decisions:
    """Return decisions by image; a prediction with "?" is for review."""
    return {
        image: Decision(prediction.rstrip("?"), not prediction.endswith("?"))
        for image, prediction in predictions.items()
    }


BEFORE = decisions(a="car?", b="truck", c="truck", d="truck?")
AFTER = decisions(a="car", b="car", c="truck", d="truck")


def changed(
    before: Decisions = BEFORE, after: Decisions = AFTER, other_class: str | None = None
) -> ModelChange:
    found = compare(before, after, LABELS, other_class)
    assert found
    return found


def test_decision_follows_from_the_calibrated_confidence_and_the_threshold() -> None:
    images = [StagedImage(f"test/car/{name}.png", 0) for name in ("a", "b")]
    answers = [
        Answer(image, (own, 1 - own), 1.0, "v")
        for image, own in zip(images, (0.9, 0.3), strict=True)
    ]
    assert {"a": Decision("car", True), "b": Decision("truck", False)} == decide(answers, CARD)


def test_temperature_of_the_card_counts() -> None:
    answers = [Answer(StagedImage("test/car/a.png", 0), (0.9, 0.1), 1.0, "v")]
    assert not decide(answers, CARD | {"temperature": 3.0})["a"].accepted


def test_no_answers_are_no_decisions() -> None:
    assert {} == decide([], CARD)


def test_accuracy_is_compared_on_the_same_images() -> None:
    accuracy = changed().accuracy
    assert 0.75 == accuracy.before
    assert 1.0 == accuracy.after
    assert 0.25 == accuracy.difference


def test_coverage_is_the_accepted_share() -> None:
    coverage = changed().coverage
    assert coverage
    assert 0.5 == coverage.before
    assert 1.0 == coverage.after


def test_negative_examples_are_no_part_of_the_coverage() -> None:
    coverage = changed(other_class="truck").coverage
    assert coverage
    assert 2 == coverage.n


def test_precision_counts_the_accepted_images_of_each_model() -> None:
    assert (0.5, 1.0) == changed().precision


def test_classes_are_compared_one_by_one() -> None:
    assert {"images": 2, "recall": [0.5, 1.0], "coverage": [0.5, 1.0]} == changed().classes["car"]


def test_decision_changes_with_the_accepted_class_or_with_a_review() -> None:
    assert 0.75 == changed().changed


def test_image_for_review_with_another_prediction_is_decided_alike() -> None:
    assert 0.0 == changed(decisions(a="car?", b="car"), decisions(a="truck?", b="car")).changed


def test_only_images_of_both_models_count() -> None:
    assert 1 == changed(decisions(a="car", b="car"), decisions(b="car", c="truck")).accuracy.n


def test_models_without_common_images_are_not_compared() -> None:
    assert compare(decisions(a="car"), decisions(b="car"), LABELS, None) is None


def test_image_without_a_label_does_not_count() -> None:
    assert compare(decisions(x="car"), decisions(x="car"), LABELS, None) is None


@pytest.mark.parametrize(
    ("after", "kappa"), [(BEFORE, 1.0), (decisions(a="truck", b="car", c="car", d="car"), -1.0)]
)
def test_kappa_compares_the_predictions(after: Decisions, kappa: float) -> None:
    before = decisions(a="car", b="truck", c="truck", d="truck")
    assert pytest.approx(kappa, abs=0.5) == changed(before, after).agreement.kappa
