"""Show an evaluation on the terminal."""

import io

import numpy as np
import pytest

from training.reports.evaluation_summary import show
from training.statistics.acceptance import Acceptance
from training.statistics.metrics import evaluate, timing
from untrusted.console import Console

NAMES = ["[red]car", "truck"]


@pytest.fixture(scope="module")
def shown() -> str:
    """Return the summary of three predictions; a class name looks like terminal markup."""
    probabilities, labels = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]), np.array([0, 1, 0])
    metrics = evaluate(probabilities, labels, NAMES, 1.0, Acceptance.at(0.8, NAMES, None))
    metrics |= timing(np.array([1.0, 2.0, 3.0]), 3, 0.5)
    out = io.StringIO()
    show(
        Console(file=out, width=200),
        {"metrics": metrics, "report": "report.html", "metrics_file": "metrics.json"},
    )
    return out.getvalue()


def test_class_names_are_shown_as_they_are(shown: str) -> None:
    assert 2 == shown.count("[red]car")


@pytest.mark.parametrize(
    "expected",
    [
        "accuracy 66.7 %",
        "n = 3",
        "6 images/s",
        "[red]car taken for truck (1)",
        "Report: report.html",
    ],
)
def test_summary_tells(shown: str, expected: str) -> None:
    assert expected in shown
