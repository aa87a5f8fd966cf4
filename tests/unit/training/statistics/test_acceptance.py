"""Accept the same predictions in arrays as in the service."""

import json
from typing import Any

import numpy as np
import pytest

from functions.classify_image.model_card import DEFAULT_THRESHOLD as SERVED_DEFAULT
from functions.classify_image.model_card import parse_model_card
from functions.filter_inferences.decision import decide
from training.statistics.acceptance import DEFAULT_THRESHOLD, Acceptance, show_threshold

LABELS = ["car", "other", "truck"]
CARDS: list[dict[str, Any]] = [
    {},
    {"recommended_threshold": 0.6},
    {"recommended_threshold": 0.6, "other_class": "other"},
    {
        "recommended_threshold": 0.7,
        "class_thresholds": {"car": 0.9, "truck": None},
        "other_class": "other",
    },
]


@pytest.mark.parametrize("card", CARDS, ids=str)
def test_arrays_accept_what_the_functions_accept(card: dict[str, Any]) -> None:
    card = {"labels": LABELS, "temperature": 1.0, **card}
    served, probabilities = (
        parse_model_card(json.dumps(card), "AllTraffic"),
        np.random.default_rng(0).dirichlet([0.3] * 3, 200),
    )

    def passed(row: list[float]) -> bool:
        by_label = dict(zip(LABELS, row, strict=True))
        threshold = served.threshold(max(by_label, key=lambda label: by_label[label]))
        event = {"class_probabilities": by_label, "confidence_threshold": threshold}
        return decide(event | {"review_classes": list(served.review_classes)}).passed

    assert [passed(row) for row in probabilities.tolist()] == list(
        Acceptance.of_card(card).accepted(probabilities)
    )


def test_default_threshold_is_that_of_the_function() -> None:
    assert SERVED_DEFAULT == DEFAULT_THRESHOLD


def test_negative_examples_have_no_real_class() -> None:
    acceptance = Acceptance.at(0.5, LABELS, "other")
    assert [True, False, True] == list(acceptance.real(np.array([0, 1, 2])))


@pytest.mark.parametrize(
    ("expected", "threshold"),
    [
        ("0.8", 0.8),
        ("0.6123", 0.61234),
        ("0.9999", 0.9999),
        ("0.999968", 0.9999678),
        ("1", 1.0),
        ("no confidence", None),
    ],
)
def test_threshold_is_shown_with_the_digits_that_tell_it_from_1(
    expected: str, threshold: float | None
) -> None:
    assert expected == show_threshold(threshold)
