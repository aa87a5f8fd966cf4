from collections.abc import Callable
from typing import Any

import pytest

from functions.filter_inferences import app
from functions.filter_inferences.audit import InvalidImageVersionError
from functions.filter_inferences.decision import (
    InvalidProbabilitiesError,
    InvalidReviewClassesError,
    InvalidThresholdError,
)

PROBABILITIES = {"automobile": 0.08, "truck": 0.92}
IMAGE = {"image_url": "s3://images/uploads/truck.png", "version": "v1"}


def filter_inferences(
    context: Any, probabilities: Any = PROBABILITIES, threshold: Any = 0.8
) -> dict[str, Any]:
    event = IMAGE | {
        "class_probabilities": probabilities,
        "confidence_threshold": threshold,
        "execution": "execution-one",
    }
    return dict(app.lambda_handler(event, context))


def test_filter_inferences_confident_prediction_answers_the_contract(context: Any) -> None:
    expected = {
        "status": "PASS",
        "classification": "truck",
        "confidence_score": 0.92,
        "passed_threshold": True,
        "audit": {"drawn": False, "probability": 0.0},
        "waits_for": None,
    }
    assert expected == filter_inferences(context)


def test_filter_inferences_doubtful_prediction_is_rejected_without_an_error(context: Any) -> None:
    expected = {
        "status": "REJECT",
        "classification": "truck",
        "confidence_score": 0.92,
        "passed_threshold": False,
        "audit": {"drawn": False, "probability": 0.0},
        "waits_for": "REVIEW",
    }
    assert expected == filter_inferences(context, threshold=0.93)


@pytest.mark.parametrize(("threshold", "passed"), [(0.8, True), (0.93, False)])
def test_filter_inferences_drawn_image_waits_for_an_audit_whatever_its_outcome(
    context: Any, monkeypatch: pytest.MonkeyPatch, threshold: float, passed: bool
) -> None:
    monkeypatch.setenv("AUDIT_SHARE", "1")
    answer = filter_inferences(context, threshold=threshold)
    assert passed is answer["passed_threshold"]
    assert "AUDIT" == answer["waits_for"]
    assert {"drawn": True, "probability": 1.0} == answer["audit"]


def test_filter_inferences_request_without_image_version_is_refused(context: Any) -> None:
    event = {"class_probabilities": PROBABILITIES, "confidence_threshold": 0.8}
    with pytest.raises(InvalidImageVersionError, match="image_url and version"):
        app.lambda_handler(event, context)


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.92, True), (0.9200001, False), (1e-6, True), (1, False)]
)
def test_filter_inferences_confidence_at_the_threshold_passes(
    context: Any, threshold: float, expected: bool
) -> None:
    assert expected is filter_inferences(context, threshold=threshold)["passed_threshold"]


def test_filter_inferences_certain_prediction_passes_threshold_one(context: Any) -> None:
    assert "PASS" == filter_inferences(context, {"truck": 1}, 1)["status"]


@pytest.mark.parametrize("labels", [("truck", "automobile"), ("automobile", "truck")])
def test_filter_inferences_tie_goes_to_the_first_label(
    context: Any, labels: tuple[str, str]
) -> None:
    assert labels[0] == filter_inferences(context, dict.fromkeys(labels, 0.5))["classification"]


def test_filter_inferences_review_class_is_rejected_at_any_confidence(
    context: Any,
) -> None:
    event = IMAGE | {
        "class_probabilities": PROBABILITIES,
        "confidence_threshold": 0.1,
        "review_classes": ["other", "truck"],
    }
    assert "REJECT" == app.lambda_handler(event, context)["status"]


def test_filter_inferences_other_classes_pass_beside_review_classes(context: Any) -> None:
    event = IMAGE | {
        "class_probabilities": PROBABILITIES,
        "confidence_threshold": 0.1,
        "review_classes": ["other"],
    }
    assert "PASS" == app.lambda_handler(event, context)["status"]


@pytest.mark.parametrize("names", [None, "truck", [1], {}])
def test_filter_inferences_wrong_review_classes_are_refused(context: Any, names: Any) -> None:
    event = IMAGE | {
        "class_probabilities": PROBABILITIES,
        "confidence_threshold": 0.8,
        "review_classes": names,
    }
    with pytest.raises(InvalidReviewClassesError, match="list of class names"):
        app.lambda_handler(event, context)


@pytest.mark.parametrize(
    "threshold",
    [None, 0, 1e-7, -0.1, 1.0001, True, "0.8", float("nan"), float("inf"), [0.8], 10**400],
)
def test_filter_inferences_wrong_threshold_is_refused(context: Any, threshold: Any) -> None:
    with pytest.raises(InvalidThresholdError, match=r"from 0\.000001 to 1"):
        filter_inferences(context, threshold=threshold)


@pytest.mark.parametrize(
    "probabilities",
    [
        None,
        {},
        [0.08, 0.92],
        "truck",
        {"truck": "0.92", "automobile": 0.08},
        {"truck": True},
        {"truck": 1.2, "automobile": -0.2},
        {"truck": 0.92},
        {"truck": 0.92, "automobile": 0.92},
        {"truck": float("nan"), "automobile": 1},
        {"truck": 10**400},
        {"": 1},
    ],
)
def test_filter_inferences_wrong_probabilities_are_refused(
    context: Any, probabilities: Any
) -> None:
    with pytest.raises(InvalidProbabilitiesError, match="class_probabilities"):
        filter_inferences(context, probabilities)


TEN = {f"class {number}": 0.05 for number in range(9)} | {"truck": 0.3}


def test_filter_inferences_ten_of_many_classes_leave_a_rest(context: Any) -> None:
    answer = filter_inferences(context, TEN, threshold=0.3)
    assert ("truck", 0.3, True) == (
        answer["classification"],
        answer["confidence_score"],
        answer["passed_threshold"],
    )


@pytest.mark.parametrize(
    "probabilities",
    [
        TEN | {"car": 0.01},
        {name: p for name, p in TEN.items() if name != "class 0"},
        TEN | {"class 0": 0.0},
        TEN | {"truck": 0.7},
    ],
    ids=["eleven classes", "nine classes", "a class without a rest for others", "more than 1"],
)
def test_filter_inferences_other_rests_are_refused(
    context: Any, probabilities: dict[str, float]
) -> None:
    with pytest.raises(InvalidProbabilitiesError, match="at most 1 in total of the 10 most"):
        filter_inferences(context, probabilities)


@pytest.mark.parametrize("event", [{}, None, []])
def test_filter_inferences_empty_event_is_refused(context: Any, event: Any) -> None:
    with pytest.raises(InvalidProbabilitiesError):
        app.lambda_handler(event, context)


def test_filter_inferences_metrics_have_confidence_by_class(
    context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    filter_inferences(context)
    emitted = emitted_metrics()
    assert [0.92] == emitted["Confidence"]
    assert "truck" == emitted["classification"]
    assert [["service"], ["classification"]] == emitted["_aws"]["CloudWatchMetrics"][0][
        "Dimensions"
    ]


def test_filter_inferences_first_attempt_counts_no_retry(
    context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    filter_inferences(context)
    assert [0] == emitted_metrics()["Retries"]


def test_filter_inferences_later_attempt_counts_as_one_retry(
    context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    event = IMAGE | {
        "class_probabilities": PROBABILITIES,
        "confidence_threshold": 0.8,
        "retry_count": 3,
    }
    app.lambda_handler(event, context)
    assert [1] == emitted_metrics()["Retries"]


def test_filter_inferences_failure_is_logged_with_its_execution_and_class(
    context: Any, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    with pytest.raises(InvalidThresholdError):
        filter_inferences(context, threshold=2)
    (line,) = log_lines()
    assert "execution-one" == line["correlation_id"]
    assert "InvalidThresholdError" == line["exception_name"]


def test_filter_inferences_log_names_execution_and_decision(
    context: Any, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    filter_inferences(context)
    (line,) = log_lines()
    assert "execution-one" == line["correlation_id"]
    assert "truck" == line["classification"]
    assert "PASS" == line["status"]
