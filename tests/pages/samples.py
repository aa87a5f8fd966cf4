"""Render each page of the project with long names, errors and an image."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from cli.page import Origin, image_uri, render_page
from documents.workflow import DEFINITION
from documents.workflow import draw as drawn
from examples.demo import page as demo_page
from examples.demo.decisions import Decision, Upload, total
from examples.demo_loop import page as loop_page
from examples.demo_loop.figures import Figures
from examples.demo_loop.page import Reviews
from operations.service import execution_page
from operations.service.history import Execution, read_history
from review.images import Reason
from training.reports import drift_report
from training.reports import evaluation_report as report
from training.statistics import metrics, model_change
from training.statistics.acceptance import Acceptance
from training.statistics.drift import compare
from training.statistics.image_statistics import STATISTICS
from training.statistics.label_value import label_value
from training.statistics.sample import Decisions, Sample

NAMES = [f"a class with a long name, number {number}" for number in range(10)]
ENDPOINT = "a-name-that-has-no-place-to-break-and-is-longer-than-any-phone-is-wide"
PHOTO = min(Path("examples/photos/large").rglob("*.jpg"))
BEGUN = datetime(2026, 1, 2, tzinfo=UTC)
ORIGIN = Origin(BEGUN, "the local cloud")


def evaluation() -> str:
    """Return the report of an evaluation of ten classes."""
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([0.2] * len(NAMES), 300)
    labels = rng.integers(0, len(NAMES), 300)
    milliseconds = rng.random(300) * 10
    acceptance = Acceptance.at(0.8, NAMES, None)
    found = metrics.evaluate(probabilities, labels, NAMES, 1.3, acceptance) | metrics.timing(
        milliseconds, 300, 2.0
    )
    found |= {"precision_guarantee": {"precision": 0.99, "confidence": 0.95, "images": 300}}
    found |= {"class_thresholds": dict.fromkeys(NAMES, 0.99997) | {NAMES[0]: None}}
    found |= {"change": change()}
    facts = {"endpoint": ENDPOINT, "workers": "16"}

    return report.render(ORIGIN, facts, found, acceptance, probabilities, labels, milliseconds, [])


def change() -> dict[str, Any]:
    """Return the comparison with a model that accepted fewer images."""
    now = {
        str(number): model_change.Decision(NAMES[number % 10], number % 10 > 1)
        for number in range(300)
    }
    before = {image: replace(one, accepted=int(image) % 10 > 3) for image, one in now.items()}
    compared = model_change.compare(
        before, now, {image: one.prediction for image, one in now.items()}, None
    )
    assert compared
    value = label_value(compared, 1400, 100, 0.99, 12_340)
    assert value
    model = {"measured_at": BEGUN.isoformat(), "labels": 1400, "guaranteed_precision": 0.95}
    both = {"before": model, "after": model | {"labels": 1500}}
    return both | compared.as_data() | {"value": value.as_data()}


def drift() -> str:
    """Return the report of a comparison in which every statistic has drifted."""
    one, other = (
        Sample(
            Decisions([name] * 60, np.linspace(low, 1, 60).tolist()),
            {key: [low] * 60 for key in STATISTICS},
        )
        for name, low in ((NAMES[0], 0.2), (NAMES[1], 0.6))
    )
    shares = {"reference": 0.1, "recent": 0.9}
    facts = {"endpoint": ENDPOINT, "since": "yesterday"}
    notes = ["Images: not compared (12 captured, 50 needed)."]
    comparisons = compare(one, other, dict.fromkeys(NAMES, 0.5))
    photos = dict.fromkeys(("recent", "reference"), [image_uri(PHOTO.read_bytes())] * 12)

    return drift_report.render(ORIGIN, facts, shares, notes, one, other, comparisons, photos)


def demo() -> str:
    """Return the demo's page with each outcome once."""
    path = ("Read input", "Serialize image", "Classify image")
    confident = {"classification": NAMES[0], "confidence_score": 0.91, "processing_time_ms": 245}
    outputs: tuple[dict[str, Any], ...] = (
        {"outcome": "ACCEPTED"} | confident,
        {"outcome": "REVIEW"} | confident,
        {
            "outcome": "UNREADABLE",
            "error": "CorruptImageError",
            "cause": "It ends in the middle of a scan line.",
        },
        {
            "outcome": "FAILED",
            "error": "EndpointUnavailableError",
            "cause": f"{ENDPOINT} does not answer.",
        },
    )
    url = f"s3://images/uploads/{ENDPOINT}"
    decisions = [
        Decision(Upload(PHOTO, f"{url}/{at}", "v1", NAMES[0]), one, path)
        for at, one in enumerate(outputs)
    ]

    return demo_page.render(decisions, total(decisions), ORIGIN, {})


def execution() -> str:
    """Return the page of a running execution after two attempts at a busy endpoint."""
    given = {
        "image_data": base64.b64encode(PHOTO.read_bytes()).decode(),
        "image_url": f"s3://images/{ENDPOINT}",
    }
    error = {"error": "EndpointUnavailableError", "cause": ENDPOINT}
    busy: dict[str, Any] = {"type": "TaskFailed", "taskFailedEventDetails": error}
    asked: dict[str, Any] = {"type": "TaskScheduled"}
    events = [_entered("Classify image", given), asked, busy, asked, busy, asked]
    stamped = [
        {**event, "timestamp": BEGUN + timedelta(seconds=second)}
        for second, event in enumerate(events)
    ]
    definition = json.loads(DEFINITION.read_text(encoding="utf-8"))
    arn = f"arn:aws:states:us-east-1:123456789012:execution:{ENDPOINT}:{ENDPOINT}"

    return execution_page.render(
        Execution(arn, "RUNNING", BEGUN, None, definition, read_history(stamped))
    )


def notebook() -> str:
    """Return the page of a notebook with code, output and a plot, as nbconvert writes them."""
    code = f'<div class="input_area"><pre>{escape(ENDPOINT)}</pre></div>'
    plot = drawn(json.loads(DEFINITION.read_text(encoding="utf-8")))
    output = f'<div class="output_area"><pre>{escape(ENDPOINT)}</pre>{plot}</div>'
    body = Markup(f"<h2>A notebook</h2><p>A text.</p>{code}{output}")  # nosec B704 - escaped above
    title = "Notebook: all cells ran in 63 s"

    return render_page(
        Path("examples/notebook"), "notebook.html.jinja", ORIGIN, title=title, body=body
    )


def _entered(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "TaskStateEntered",
        "stateEnteredEventDetails": {"name": name, "input": json.dumps(given)},
    }


def loop() -> str:
    """Return the page of the review loop."""
    before = Figures(300, 264, 200, covered=0, accepted=0, accepted_right=0, has_guarantee=False)
    after = Figures(
        300, 284, 200, covered=186, accepted=190, accepted_right=182, has_guarantee=True
    )
    waited = Counter({Reason.REVIEW: 210, Reason.AUDIT: 84})
    answers = waited + Counter({Reason.SECOND_OPINION: 92})
    outcomes = Counter({"ACCEPTED": 150, "REVIEW": 270})
    return loop_page.render(before, after, Reviews(420, outcomes, waited, answers, 0.046), ORIGIN)


PAGES: Mapping[str, Callable[[], str]] = {
    "evaluation": evaluation,
    "loop": loop,
    "drift": drift,
    "demo": demo,
    "execution": execution,
    "notebook": notebook,
}
