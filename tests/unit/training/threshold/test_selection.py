"""From calibration images to the members of a model card."""

import numpy as np
import pytest

from training.threshold.choice import Promise
from training.threshold.selection import NoThresholdError, Sample, common_threshold, thresholds_by_class

NAMES = ["car", "other", "truck"]


def sample(other: int = 0, each: int = 300) -> Sample:
    """So many cars and trucks, told apart; and `other` counter-examples, which are taken for cars."""
    confidences = np.linspace(0.99, 0.6, each)
    cars = np.column_stack([confidences, np.zeros(each), 1 - confidences])
    trucks = np.column_stack([1 - confidences, np.zeros(each), confidences])
    foreign = np.tile([0.999, 0.0005, 0.0005], (other, 1))
    labels = np.repeat([0, 2, 1], [each, each, other])
    return Sample(np.vstack([cars, trucks, foreign]), labels, NAMES, "other")


def test_common_threshold_is_that_of_the_card_and_tells_its_promise() -> None:
    chosen = common_threshold(sample(), Promise(0.95, 0.95))
    assert 0.6 == pytest.approx(chosen["recommended_threshold"])
    assert (600, 1.0) == (chosen["promise"]["images"], chosen["promise"]["at_threshold"]["coverage"])
    assert chosen["promise"]["at_guess"]["coverage"] < 0.6


def test_counter_examples_that_are_accepted_count_as_wrong() -> None:
    with pytest.raises(NoThresholdError, match="cannot be promised"):
        common_threshold(sample(other=150), Promise(0.95, 0.95))


def test_counter_examples_that_are_recognised_cost_no_coverage() -> None:
    one = sample()
    seen = np.vstack([one.probabilities, np.tile([0.0, 1.0, 0.0], (50, 1))])
    chosen = common_threshold(
        Sample(seen, np.append(one.labels, np.ones(50, dtype=int)), NAMES, "other"), Promise(0.9, 0.9)
    )
    assert 1.0 == chosen["promise"]["at_threshold"]["coverage"]


def test_class_that_cannot_keep_the_promise_has_no_threshold_of_its_own() -> None:
    chosen = thresholds_by_class(sample(other=150), Promise(0.95, 0.95))
    assert chosen["class_thresholds"]["car"] is None
    assert chosen["recommended_threshold"] == chosen["class_thresholds"]["truck"]
    assert "cannot be promised" in chosen["promise"]["classes"]["car"]


def test_what_cannot_be_promised_says_how_many_images_would_do() -> None:
    with pytest.raises(NoThresholdError, match=r"With 20 calibration images .* about 39 more labelled images"):
        common_threshold(sample(each=10), Promise(0.95, 0.95))
