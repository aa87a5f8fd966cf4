"""Show an evaluation as a self-contained HTML file with plots and the worst mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cli.page import PNG, Origin, image_uri, render_page
from training.reports import plots
from training.statistics.acceptance import Acceptance, show_threshold
from training.statistics.calibration import as_served
from training.statistics.calibration_change import change_interval
from training.statistics.metrics import coverage_curve, most_confused, reliability

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

PAIRS = 10  # rows in the table of confused classes
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)  # rows in the table beside the plot
SMALL = 128  # pixels a side: a smaller image is enlarged with visible pixels


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction: class names, calibrated confidence, and the prepared image."""

    key: str
    true_class: str
    prediction: str
    confidence: float
    image: bytes

    @property
    def data_uri(self) -> str:
        """Return the image for an `<img>`; a prepared image is a PNG or a JPEG."""
        return image_uri(self.image)

    @property
    def is_small(self) -> bool:
        """Return whether the image is smaller than its picture; small images are PNG."""
        return self.image.startswith(PNG) and int.from_bytes(self.image[16:20]) < SMALL


def render(
    origin: Origin,
    facts: Mapping[str, Any],
    metrics: Mapping[str, Any],
    acceptance: Acceptance,
    probabilities: Floats,
    labels: Labels,
    milliseconds: Floats,
    mistakes: Sequence[Mistake],
) -> str:
    """Return the report as HTML.

    Args:
        origin: The time and the cloud of the report.
        facts: The evaluated run, dataset, model and so on; a key is a label.
        metrics: The result of `training.statistics.metrics`.
        acceptance: The rule that accepts predictions.
        probabilities: Class probabilities (images, classes) from the endpoint.
        labels: Class indices (images,).
        milliseconds: Latency of each image.
        mistakes: The wrong predictions to show, the worst first.
    """
    calibrated = as_served(probabilities, metrics["temperature"])
    names = list(metrics["classes"])
    return render_page(
        Path(__file__).parent,
        "evaluation_report.html.jinja",
        origin,
        facts=facts,
        metrics=metrics,
        plots={
            "confusion": plots.confusion(metrics["confusion_matrix"], names),
            "classes": plots.class_bars(metrics["classes"]),
            "reliability": plots.reliability_diagram(probabilities, calibrated, labels),
            "histogram": plots.confidence_histogram(calibrated, labels),
            "coverage": plots.coverage_plot(
                calibrated, labels, acceptance, metrics["at_threshold"]
            ),
            "latency": plots.latency_histogram(milliseconds),
        },
        most_bars=plots.MOST_NAMES,
        most_numbers=plots.MOST_NUMBERS,
        mistakes=mistakes,
        confused=most_confused(metrics["confusion_matrix"], names, PAIRS),
        calibration_change=change_interval(probabilities, calibrated, labels),
        bins=reliability(calibrated, labels),
        coverages=_coverages(calibrated, labels, acceptance),
        show_threshold=show_threshold,
    )


def _coverages(
    probabilities: Floats, labels: Labels, acceptance: Acceptance
) -> list[tuple[float, float]]:
    """Return a few points of the coverage curve: coverage and accuracy of the accepted images."""
    coverage, accuracy = coverage_curve(probabilities, labels, acceptance)
    places = [
        int(np.searchsorted(coverage, wanted - 1e-9))
        for wanted in COVERAGES
        if wanted <= coverage.max(initial=0)
    ]
    return [(float(coverage[place]), float(accuracy[place])) for place in places]
