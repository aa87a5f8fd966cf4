"""Metrics against values worked out by hand."""

import numpy as np
import pytest

from training.statistics import metrics
from training.statistics.acceptance import Acceptance
from training.statistics.calibration import as_served

# Three images of class a (two found), one of b (found), none of c.
PROBABILITIES = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.3, 0.7, 0.0], [0.2, 0.8, 0.0]])
LABELS = np.array([0, 0, 0, 1])
ACCEPTANCE, TWO = Acceptance.at(0.8, ["a", "b", "c"], None), Acceptance.at(0.8, ["a", "b"], None)
RESULT = metrics.evaluate(PROBABILITIES, LABELS, ["a", "b", "c"], 1.0, ACCEPTANCE)


def test_accuracy_is_the_share_of_right_predictions() -> None:
    assert 0.75 == RESULT["accuracy"]
    assert 4 == RESULT["n"]


def test_rows_of_the_confusion_matrix_are_true_classes() -> None:
    assert [[2, 1, 0], [0, 1, 0], [0, 0, 0]] == RESULT["confusion_matrix"]


def test_precision_recall_and_f1_of_a_class() -> None:
    assert {"precision": 1.0, "recall": 2 / 3, "f1": 0.8, "support": 3} == RESULT["classes"]["a"]


def test_a_class_without_images_and_predictions_has_no_rates() -> None:
    assert {"precision": None, "recall": None, "f1": None, "support": 0} == RESULT["classes"]["c"]


def test_the_mean_over_classes_leaves_out_what_is_undefined() -> None:
    assert 0.75 == RESULT["macro"]["precision"]


@pytest.mark.parametrize(
    ("right", "n", "expected"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_interval_agrees_with_the_literature(
    right: int, n: int, expected: tuple[float, float]
) -> None:
    assert expected == pytest.approx(metrics.wilson_interval(right, n), abs=5e-5)


def test_the_interval_of_a_perfect_score_ends_at_one() -> None:
    assert 1.0 == pytest.approx(metrics.wilson_interval(10, 10)[1])


def test_calibration_error_is_the_distance_of_confidence_from_accuracy() -> None:
    probabilities = np.array([[0.9, 0.1]] * 10)
    labels = np.array([0] * 7 + [1] * 3)
    assert 0.2 == pytest.approx(metrics.expected_calibration_error(probabilities, labels))


def test_a_confidence_of_one_falls_into_the_last_bin() -> None:
    assert [{"confidence": 1.0, "accuracy": 1.0, "n": 1}] == metrics.reliability(
        np.array([[1.0, 0.0]]), np.array([0])
    )


def test_likelihood_of_a_truth_held_impossible_is_finite() -> None:
    assert np.isfinite(metrics.negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1])))


def test_images_at_the_threshold_are_accepted() -> None:
    measured = metrics.at_threshold(
        np.array([[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]]), np.array([0, 0, 0]), TWO
    )
    assert {
        "threshold": 0.8,
        "coverage": 2 / 3,
        "accuracy": 0.5,
        "n": 2,
    }.items() <= measured.items()


def test_a_rounding_error_of_calibration_rejects_no_image_at_the_threshold() -> None:
    above, below = 0.8 ** (1 / 3), 0.2 ** (1 / 3)
    calibrated = as_served(np.array([[above, below]]) / (above + below), 1 / 3)
    assert 1 == metrics.at_threshold(calibrated, np.array([0]), TWO)["n"]


def test_nothing_accepted_has_no_accuracy() -> None:
    assert metrics.at_threshold(np.array([[0.6, 0.4]]), np.array([0]), TWO)["accuracy"] is None


def test_the_coverage_curve_begins_with_the_most_confident_image() -> None:
    coverage, accuracy = metrics.coverage_curve(
        np.array([[0.6, 0.4], [0.1, 0.9]]), np.array([0, 0]), TWO
    )
    assert [0.5, 1.0] == coverage.tolist()
    assert [0.0, 0.5] == accuracy.tolist()


def test_calibration_changes_confidence_and_no_prediction() -> None:
    hot = metrics.evaluate(PROBABILITIES, LABELS, ["a", "b", "c"], 3.0, ACCEPTANCE)
    assert RESULT["confusion_matrix"] == hot["confusion_matrix"]
    assert hot["calibration"]["before"] != hot["calibration"]["after"]


def test_throughput_counts_the_images_of_one_attempt() -> None:
    measured = metrics.timing(np.array([1.0, 2.0, 3.0]), images=2, seconds=0.5)
    assert {"images_per_second": 4.0, "n": 2} == measured["throughput"]
    assert 2.0 == measured["latency_ms"]["p50"]
    assert 3 == measured["latency_ms"]["n"]


def test_nothing_measured_has_no_throughput() -> None:
    assert (
        metrics.timing(np.array([1.0]), images=0, seconds=0.0)["throughput"]["images_per_second"]
        is None
    )


def test_a_go_that_was_interrupted_has_no_throughput() -> None:
    assert (
        metrics.timing(np.array([1.0]), images=1, seconds=None)["throughput"]["images_per_second"]
        is None
    )


def test_the_most_frequent_mistakes_come_first() -> None:
    assert [("b", "a", 5), ("a", "b", 2)] == metrics.most_confused([[9, 2], [5, 0]], ["a", "b"])
