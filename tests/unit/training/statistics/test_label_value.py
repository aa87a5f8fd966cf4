"""When more labels stop to help."""

import json
from dataclasses import replace

import pytest

from training.statistics.agreement import agreement
from training.statistics.label_value import LabelValue, label_value
from training.statistics.model_change import ModelChange, PairedShare


def change(
    *, n: int = 400, gained: int = 40, lost: int = 0, changed: float = 0.01, differing: int = 1
) -> ModelChange:
    """Return a change in which some images are accepted now, or no more."""
    accepted = [(False, True)] * gained + [(True, False)] * lost
    rest = n - len(accepted)
    accepted += [(True, True)] * (rest // 2) + [(False, False)] * (rest - rest // 2)
    coverage = PairedShare.of(accepted)
    accuracy = PairedShare.of([(True, True)] * n)
    assert accuracy
    predictions = [("car", "truck")] * differing
    predictions += [("car", "car"), ("truck", "truck")] * ((n - differing) // 2)
    return ModelChange(accuracy, coverage, (None, None), {}, changed, agreement(predictions))


def value(
    made: ModelChange,
    labels: int = 40,
    earlier: float | None = None,
    month: int | None = None,
    before: int = 400,
) -> LabelValue:
    found = label_value(made, before, labels, earlier, month)
    assert found
    return found


def test_first_sentence_says_what_the_last_labels_changed() -> None:
    [first, *_] = value(change()).sentences()
    assert first.startswith("The last 40 labels changed 1 % of the decisions (n = 400 test images")


def test_next_labels_are_worth_the_gain_of_the_last_ones() -> None:
    # 40 of 400 images more are accepted with 40 labels: 25 % with 100 labels
    found = value(change(), month=10_000)
    assert found.gain
    assert 2500 == pytest.approx(found.gain.reviews)
    last = found.sentences()[-1]
    assert last.startswith("The next 100 labels are worth at most about 2,500 reviews a month")


def test_interval_is_that_of_the_same_images() -> None:
    found = value(change(), month=10_000)
    assert found.gain
    low, high = change().coverage.interval  # type: ignore[union-attr]
    assert (low * 25_000, high * 25_000) == pytest.approx(found.gain.interval)


def test_unknown_volume_counts_a_thousand_images() -> None:
    assert "250 reviews of 1,000 images" in value(change()).sentences()[-1]


@pytest.mark.parametrize("lost", [30, 60])
def test_gain_within_chance_is_not_measurable_yet(lost: int) -> None:
    assert "is not measurable yet" in value(change(lost=lost)).sentences()[-1]


def test_gain_without_coverage_is_not_measurable_yet() -> None:
    found = value(replace(change(), coverage=None))
    assert found.sentences()[-1].endswith("is not measurable yet.")


@pytest.mark.parametrize("labels", [0, -5])
def test_without_more_labels_there_is_no_value(labels: int) -> None:
    assert label_value(change(), 400, labels, None, None) is None


def test_two_stable_pairs_of_models_end_the_labelling() -> None:
    found = value(change(), earlier=0.98)
    assert found.is_stable
    assert found.sentences()[1].startswith("Stop labelling")


@pytest.mark.parametrize("earlier", [None, 0.979])
def test_one_stable_pair_does_not_end_the_labelling(earlier: float | None) -> None:
    assert not value(change(), earlier=earlier).is_stable


def test_changed_predictions_do_not_end_the_labelling() -> None:
    assert not value(change(differing=10), earlier=1.0).is_stable


def test_few_images_do_not_end_the_labelling() -> None:
    assert not value(change(n=98, differing=0, gained=2), earlier=1.0).is_stable


def test_value_is_json() -> None:
    data = json.loads(json.dumps(value(change(), earlier=1.0).as_data()))
    assert data["stop"]
    assert 3 == len(data["sentences"])


def test_labels_are_worth_no_more_than_the_reviews_that_are_left() -> None:
    # 290 of 400 images are accepted now, 180 more than before
    found = value(change(gained=200, lost=20), labels=40, month=1_000)
    assert found.gain
    assert 275 == pytest.approx(found.gain.left)
    assert found.gain.left == found.gain.reviews
    assert "would save all 280 reviews a month that are left" in found.sentences()[-1]


def test_model_that_accepts_everything_leaves_nothing_to_save() -> None:
    accepted = PairedShare.of([(False, True)] * 400)
    found = value(replace(change(), coverage=accepted))
    assert found.sentences()[-1].startswith("No review is left to save")


@pytest.mark.parametrize(
    ("before", "labels", "stops"),
    [(400, 19, False), (400, 20, True), (10_000, 99, False), (10_000, 100, True)],
)
def test_few_labels_between_two_models_do_not_end_the_labelling(
    before: int, labels: int, stops: bool
) -> None:
    assert stops is value(change(), labels, earlier=1.0, before=before).is_stable
