"""Choose the members of a model card from calibration images."""

import json
from dataclasses import replace

import numpy as np
import pytest

from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.models.class_list import ADVANCED_BYTES
from training.statistics.precision_guarantee import PrecisionGuarantee
from training.statistics.thresholds import (
    NoThresholdError,
    Sample,
    common_threshold,
    thresholds_by_class,
)

TARGET = PrecisionGuarantee(0.95, 0.95)
NAMES = ["car", "other", "truck"]


def sample(other: int = 0, each: int = 300) -> Sample:
    """Make `each` cars and trucks, all right, and `other` negative examples predicted as cars."""
    confidences = np.linspace(0.99, 0.6, each)
    cars = np.column_stack([confidences, np.zeros(each), 1 - confidences])
    trucks = np.column_stack([1 - confidences, np.zeros(each), confidences])
    negatives = np.tile([0.999, 0.0005, 0.0005], (other, 1))
    labels = np.repeat([0, 2, 1], [each, each, other])
    return Sample(
        np.vstack([cars, trucks, negatives]), labels, NAMES, "other", labelled=10 * len(labels)
    )


def test_common_threshold_reports_its_guarantee() -> None:
    chosen = common_threshold(sample(), TARGET).members
    assert 0.6 == pytest.approx(chosen["recommended_threshold"])
    assert 600 == chosen["precision_guarantee"]["images"]
    assert 1.0 == chosen["precision_guarantee"]["at_threshold"]["coverage"]
    assert chosen["precision_guarantee"]["at_default_threshold"]["coverage"] < 0.6


def test_accepted_negative_examples_count_as_wrong() -> None:
    with pytest.raises(NoThresholdError, match="do not guarantee"):
        common_threshold(sample(other=150), TARGET)


def test_recognised_negative_examples_cost_no_coverage() -> None:
    one = sample()
    seen = np.vstack([one.probabilities, np.tile([0.0, 1.0, 0.0], (50, 1))])
    more = Sample(
        seen, np.append(one.labels, np.ones(50, dtype=int)), NAMES, "other", labelled=1_000
    )
    chosen = common_threshold(more, PrecisionGuarantee(0.9, 0.9)).members
    assert 1.0 == chosen["precision_guarantee"]["at_threshold"]["coverage"]


def test_imprecise_class_has_no_threshold() -> None:
    chosen = thresholds_by_class(sample(other=150), TARGET)
    assert chosen.members["class_thresholds"]["car"] is None
    assert chosen.members["recommended_threshold"] == chosen.members["class_thresholds"]["truck"]
    refused = chosen.classes["car"]
    assert 450 == refused["has"]
    assert refused["needs"] is None
    assert "train a better model, or lower --precision" == refused["advice"]
    assert 300 == chosen.classes["truck"]["accepted"]
    assert 300 == chosen.classes["truck"]["right"]


def test_refusal_estimates_how_many_images_are_missing() -> None:
    expected = "20 calibration images .* about 39 more images like them .* about 390 more labelled"
    with pytest.raises(NoThresholdError, match=expected):
        common_threshold(sample(each=10), TARGET)


def confident(*differing: int, images: int = 1_000) -> Sample:
    """Make cars with falling confidence, of which these are labelled as trucks."""
    confidences = np.linspace(0.999, 0.98, images)
    probabilities = np.column_stack([confidences, np.zeros(images), 1 - confidences])
    labels = np.where(np.isin(np.arange(images), differing), NAMES.index("truck"), 0)
    names = [f"photos/{number}.jpg" for number in range(images)]
    return Sample(probabilities, labels, NAMES, "other", labelled=10 * images, names=names)


def refused(sample: Sample) -> str:
    """Return the message of the refusal."""
    with pytest.raises(NoThresholdError) as found:
        common_threshold(sample, TARGET)
    return str(found.value)


def test_contradicting_labels_are_offered_for_a_second_look() -> None:
    message = refused(confident(*range(5, 1_000, 20)))
    assert "10 of the 200 most confident images have another label" in message
    assert "`scones review --second-look 10`" in message


def test_contradicting_labels_are_listed_the_most_confident_first() -> None:
    lines = refused(confident(*range(5, 1_000, 20))).splitlines()
    listed = [line.strip() for line in lines if line.startswith("  ")]
    assert "photos/5.jpg: labelled truck, predicted car (0.999)" == listed[0]
    assert 5 == len(listed)


def test_images_are_named_by_their_source_where_it_is_known() -> None:
    answers = [
        Answer(StagedImage(f"datasets/cars/calibration/car/{name}.png", 0), (0.1, 0.9), 1.0, "A")
        for name in ("a", "b")
    ]
    card = {"labels": ["car", "truck"], "temperature": 1.0}
    found = Sample.of(answers, card, 20, {"calibration/car/a.png": "photos/1.jpg"})
    assert "photos/1.jpg: labelled car, predicted truck (0.900)" == found.described(0)
    assert found.described(1).startswith("datasets/cars/calibration/car/b.png:")


def test_refusal_for_too_few_images_offers_no_second_look() -> None:
    assert "second-look" not in refused(confident(images=50))
    assert "more images like them suffice" in refused(confident(images=50))


def test_few_contradicting_labels_come_before_the_images_that_would_repair_them() -> None:
    few = refused(confident(3, 7, 11, 15, images=300))
    assert "4 of the 60 most confident images have another label" in few
    assert "If these labels are right, about 52 more images like them suffice." in few


def test_labels_of_a_class_that_contradict_are_the_advice_of_its_row() -> None:
    chosen = sample(each=100)
    labels = chosen.labels.copy()
    labels[:5] = 2  # cars
    sure = np.where(chosen.probabilities > 0.5, 0.995, chosen.probabilities.clip(0, 0.005))
    found = thresholds_by_class(replace(chosen, probabilities=sure, labels=labels), TARGET)
    assert "look again at 5 labels" == found.classes["car"]["advice"]


def test_class_that_is_never_predicted_needs_more_images() -> None:
    one = sample()
    with_buses = np.column_stack([one.probabilities, np.zeros(len(one.labels))])
    chosen = thresholds_by_class(
        replace(one, probabilities=with_buses, class_names=[*NAMES, "bus"]), TARGET
    )
    refused = chosen.classes["bus"]
    assert 0 == refused["has"]
    assert 80 == refused["needs"]
    assert "label more images" == refused["advice"]


def test_dataset_without_calibration_images_is_refused() -> None:
    none = Sample(np.empty((0, 3)), np.empty(0, dtype=np.int64), NAMES, "other", labelled=40)
    with pytest.raises(NoThresholdError, match=r"^0 calibration images .* label more images"):
        common_threshold(none, TARGET)


def test_refusal_of_all_classes_is_a_table() -> None:
    with pytest.raises(NoThresholdError) as refused:
        thresholds_by_class(sample(each=10), TARGET)
    header, car, truck = str(refused.value).splitlines()[1:]
    assert ["class", "has", "needs", "what", "to", "do"] == header.split()
    assert ["car", "10", "~72", "label", "more", "images"] == car.split()
    assert car.replace("car  ", "truck") == truck


def test_few_wrong_predictions_do_not_exclude_the_target() -> None:
    one = sample(each=10)
    labels = one.labels.copy()
    labels[0] = 2  # the most confident of all is wrong
    with pytest.raises(
        NoThresholdError, match=r"too few images to exclude the target\. Label more images"
    ):
        common_threshold(replace(one, labels=labels), TARGET)


def test_thresholds_of_a_hundred_classes_fit_into_a_model_card() -> None:
    names = [f"class {number:03}" for number in range(100)]
    labels = np.repeat(np.arange(100), 120)
    probabilities = np.full((len(labels), 100), 1e-5)
    probabilities[np.arange(len(labels)), labels] = np.tile(np.linspace(0.99, 0.6, 120), 100).round(
        12
    )
    chosen = thresholds_by_class(
        Sample(probabilities, labels, names, None, len(labels)), PrecisionGuarantee(0.9, 0.95)
    )
    assert ADVANCED_BYTES / 2 > len(json.dumps(chosen.members))
