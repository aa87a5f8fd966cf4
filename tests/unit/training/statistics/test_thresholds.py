"""From calibration images to the members of a model card."""

import json
from dataclasses import replace

import numpy as np
import pytest

from training.models.model_card import MAX_BYTES
from training.statistics.precision_guarantee import PrecisionGuarantee
from training.statistics.thresholds import (
    NoThresholdError,
    Sample,
    common_threshold,
    thresholds_by_class,
)

WISH = PrecisionGuarantee(0.95, 0.95)
NAMES = ["car", "other", "truck"]


def sample(other: int = 0, each: int = 300) -> Sample:
    """So many cars and trucks, told apart; and `other` counter-examples, which are taken for cars."""
    confidences = np.linspace(0.99, 0.6, each)
    cars = np.column_stack([confidences, np.zeros(each), 1 - confidences])
    trucks = np.column_stack([1 - confidences, np.zeros(each), confidences])
    foreign = np.tile([0.999, 0.0005, 0.0005], (other, 1))
    labels = np.repeat([0, 2, 1], [each, each, other])
    return Sample(
        np.vstack([cars, trucks, foreign]), labels, NAMES, "other", labelled=10 * len(labels)
    )


def test_common_threshold_is_that_of_the_card_and_reports_its_guarantee() -> None:
    chosen = common_threshold(sample(), WISH).members
    assert 0.6 == pytest.approx(chosen["recommended_threshold"])
    assert 600 == chosen["promise"]["images"]
    assert 1.0 == chosen["promise"]["at_threshold"]["coverage"]
    assert chosen["promise"]["at_guess"]["coverage"] < 0.6


def test_counter_examples_that_are_accepted_count_as_wrong() -> None:
    with pytest.raises(NoThresholdError, match="cannot be promised"):
        common_threshold(sample(other=150), WISH)


def test_counter_examples_that_are_recognised_cost_no_coverage() -> None:
    one = sample()
    seen = np.vstack([one.probabilities, np.tile([0.0, 1.0, 0.0], (50, 1))])
    more = Sample(
        seen, np.append(one.labels, np.ones(50, dtype=int)), NAMES, "other", labelled=1_000
    )
    chosen = common_threshold(more, PrecisionGuarantee(0.9, 0.9)).members
    assert 1.0 == chosen["promise"]["at_threshold"]["coverage"]


def test_class_that_cannot_keep_the_guarantee_has_no_threshold_of_its_own() -> None:
    chosen = thresholds_by_class(sample(other=150), WISH)
    assert chosen.members["class_thresholds"]["car"] is None
    assert chosen.members["recommended_threshold"] == chosen.members["class_thresholds"]["truck"]
    assert "cannot be promised" in chosen.classes["car"]
    assert 300 == chosen.classes["truck"]["accepted"]
    assert 300 == chosen.classes["truck"]["right"]


def test_guarantee_that_cannot_be_given_says_how_many_images_would_do() -> None:
    expected = r"With 20 calibration images .* about 39 more of them would be enough: 390 labelled images, if as many"
    with pytest.raises(NoThresholdError, match=expected):
        common_threshold(sample(each=10), WISH)


def test_class_that_is_never_predicted_needs_images() -> None:
    one = sample()
    with_buses = np.column_stack([one.probabilities, np.zeros(len(one.labels))])
    chosen = thresholds_by_class(
        replace(one, probabilities=with_buses, class_names=[*NAMES, "bus"]), WISH
    )
    assert "none of which is predicted so" in chosen.classes["bus"]


def test_no_calibration_images_need_images() -> None:
    none = Sample(np.empty((0, 3)), np.empty(0, dtype=np.int64), NAMES, "other", labelled=40)
    with pytest.raises(
        NoThresholdError, match=r"With 0 calibration images, .* Label more images\."
    ):
        common_threshold(none, WISH)


def test_few_predictions_that_are_not_all_right_may_be_helped_by_more() -> None:
    one = sample(each=10)
    labels = one.labels.copy()
    labels[0] = 2  # the most confident of all is wrong
    with pytest.raises(
        NoThresholdError, match="too few are known to say that more images would not help"
    ):
        common_threshold(replace(one, labels=labels), WISH)


def test_thresholds_of_a_hundred_classes_find_room_in_a_model_card() -> None:
    names = [f"class {number:03}" for number in range(100)]
    labels = np.repeat(np.arange(100), 120)
    probabilities = np.full((len(labels), 100), 1e-5)
    probabilities[np.arange(len(labels)), labels] = np.tile(np.linspace(0.99, 0.6, 120), 100).round(
        12
    )
    chosen = thresholds_by_class(
        Sample(probabilities, labels, names, None, len(labels)), PrecisionGuarantee(0.9, 0.95)
    )
    assert MAX_BYTES / 2 > len(json.dumps(chosen.members))
