"""The report: whole, escaped, and needing nothing from elsewhere."""

import io
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli.page import Origin
from training.reports import plots
from training.reports.evaluation_report import Mistake, render
from training.statistics import metrics
from training.statistics.acceptance import Acceptance

NOISE = np.random.default_rng(0)
ORIGIN = Origin(datetime(2026, 1, 2, tzinfo=UTC), "the local cloud")
FACTS = {"endpoint": "cars & <trucks>", "workers": "16"}
PICTURE = io.BytesIO()
Image.new("RGB", (32, 32)).save(PICTURE, "PNG")
PNG = PICTURE.getvalue()


def report(
    classes: int,
    mistakes: list[Mistake],
    guarantee: dict[str, Any] | None = None,
    class_thresholds: dict[str, float | None] | None = None,
    change: dict[str, Any] | None = None,
) -> str:
    names = [f"<class {number}>" for number in range(classes)]
    probabilities, labels = NOISE.dirichlet([0.2] * classes, 300), NOISE.integers(0, classes, 300)
    milliseconds = NOISE.random(300) * 10
    acceptance = Acceptance.at(0.8, names, names[0] if guarantee else None)
    measured = metrics.evaluate(probabilities, labels, names, 1.3, acceptance)
    measured |= metrics.timing(milliseconds, 300, 2.0) | (
        {"precision_guarantee": guarantee} if guarantee else {}
    )
    if guarantee:
        at = {
            "threshold": 0.8,
            "accepted": 3,
            "share": 0.03,
            "interval": [0.01, 0.08],
            "taken_for": {names[1]: 3},
        }
        measured |= {"other_class": names[0], "class_thresholds": class_thresholds}
        measured |= {
            "ood": {
                "kinds": ["<cat>"],
                "n": 100,
                "unreadable": 0,
                "at_threshold": at,
                "at_default_threshold": at,
            }
        }
    measured |= {"change": change}
    return render(
        ORIGIN, FACTS, measured, acceptance, probabilities, labels, milliseconds, mistakes
    )


@pytest.fixture(scope="module")
def html() -> str:
    return report(2, [Mistake("test/<a>.png", "<class 0>", "<class 1>", 0.99, PNG)])


def test_names_from_outside_are_escaped(html: str) -> None:
    assert "cars &amp; &lt;trucks&gt;" in html
    assert "<class 0>" not in html
    assert "<trucks>" not in html


def test_report_loads_nothing_and_runs_nothing(html: str) -> None:
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]*"', "", html)
    assert [] == re.findall(
        r"<script|<link|<iframe|(?:src|href)=.https?:|@import|url\(https?:", without_namespaces
    )


def test_mistakes_are_shown_as_pictures(html: str) -> None:
    assert 1 == html.count('src="data:image/png;base64,')
    assert "99.0&nbsp;%" in html


def test_a_jpeg_is_shown_as_one() -> None:
    assert Mistake("k", "a", "b", 0.9, b"\xff\xd8\xff").data_uri.startswith(
        "data:image/jpeg;base64,"
    )


def test_every_plot_has_a_title_for_those_who_cannot_see_it(html: str) -> None:
    assert 6 == html.count('<svg role="img"') == len(re.findall(r"<svg[^>]*><title>\w", html))


@pytest.mark.parametrize("classes", [10, 100])
def test_many_classes_fit(classes: int) -> None:
    assert classes == len(
        re.findall(r"<tr><td>&lt;class \d+&gt;<td class=.number.>", report(classes, []))
    )


def test_a_report_without_mistakes_says_so() -> None:
    assert "No test image is wrong." in report(2, [])


def test_a_plot_is_well_formed_and_takes_the_colour_of_the_text() -> None:
    drawing = plots.confusion([[9, 1], [2, 8]], ["a & b", "<c>"])
    ET.fromstring(re.sub(r"xlink:", "", drawing))
    assert "currentColor" in drawing
    assert plots.INK not in drawing


def test_no_two_elements_of_the_page_have_one_id(html: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set() == set(re.findall(r'(?:href="|url\()#([^")]+)', html)) - set(ids)


@pytest.mark.parametrize("name", ["$5_or_$10", "車", "x" * 200, "a\tb"])
def test_a_class_may_have_any_name(name: str) -> None:
    plots.confusion([[9, 1], [2, 8]], [name, "b"])


@pytest.mark.parametrize(
    ("side", "kind", "small"),
    [(32, "PNG", True), (256, "PNG", False), (300, "JPEG", False), (0, "", False)],
)
def test_pixels_are_shown_as_such_only_in_a_small_picture(
    side: int, kind: str, small: bool
) -> None:
    picture = io.BytesIO()
    if kind:
        Image.new("RGB", (side, 20)).save(picture, kind)
    assert small == Mistake("k", "a", "b", 0.9, picture.getvalue()).is_small


def test_the_same_data_gives_the_same_plot() -> None:
    assert plots.confusion([[9, 1], [2, 8]], ["a", "b"]) == plots.confusion(
        [[9, 1], [2, 8]], ["a", "b"]
    )


def test_report_says_what_the_threshold_guarantees_and_how_many_ood_images_it_accepts() -> None:
    guarantee = {"precision": 0.99, "confidence": 0.95, "images": 1_000}
    text = re.sub(r"\s+|&nbsp;", " ", report(3, [], guarantee))
    assert "threshold guarantees that at least 99 % of the accepted images are right" in text
    assert "accepts 3 of 100 out-of-distribution images (&lt;cat&gt;)" in text
    assert "Predictions of the negative class, &lt;class 0&gt;, are always for review." in text


def test_report_tells_the_thresholds_of_the_classes() -> None:
    guarantee = {"precision": 0.99, "confidence": 0.95, "images": 1_000}
    text = report(3, [], guarantee, {"<class 0>": None, "<class 1>": 0.99997, "<class 2>": 0.9})
    assert "thresholds guarantee that at least 99&nbsp;%" in text
    rows = re.findall(r"<tr><td>&lt;class (\d)&gt;<td class=.number.>([^<\n]*)\s*\n", text)
    assert [("0", "always for review"), ("1", "0.99997"), ("2", "0.9")] == rows


def test_report_of_a_model_without_negative_examples_says_so(html: str) -> None:
    assert "The model has no negative class." in html


def test_report_says_whether_the_change_of_the_calibration_error_is_within_chance(
    html: str,
) -> None:
    found = re.search(
        r"(within chance|The calibration error (?:falls|rises)) "
        r"\(95&nbsp;%: ([+-][\d.]+) to ([+-][\d.]+)\)",
        html,
    )
    assert found
    contains_zero = float(found[2]) <= 0 <= float(found[3])
    assert contains_zero == (found[1] == "within chance")


SHARE = {"n": 300, "before": 0.9, "after": 0.925, "difference": 0.025, "interval": [-0.01, 0.06]}
MODEL = {"measured_at": "2026-01-01T10:00:00", "labels": 1000, "guaranteed_precision": 0.95}
CHANGE: dict[str, Any] = {
    "before": MODEL,
    "after": MODEL | {"labels": 1040},
    "accuracy": SHARE,
    "coverage": SHARE | {"before": 0.6, "after": 0.7},
    "precision": [None, 0.96],
    "classes": {"<class 1>": {"images": 150, "recall": [0.5, 0.6], "coverage": [0.1, None]}},
    "value": {"sentences": ["The last 40 labels <changed> little."]},
}


@pytest.mark.parametrize(
    "expected",
    [
        "What the new labels changed",
        "The last 40 labels &lt;changed&gt; little.",
        "&lt;class 1&gt;",
        "92.5&nbsp;%",
        "-1.0 to +6.0",
        "Both thresholds guarantee a precision of 95.0&nbsp;%.",
        "Now: 1,040 labelled images.",
    ],
)
def test_change_since_the_earlier_model_is_shown(expected: str) -> None:
    assert expected in report(2, [], change=CHANGE)


def test_other_guarantee_of_the_earlier_model_is_not_comparable() -> None:
    change = CHANGE | {"before": MODEL | {"guaranteed_precision": None}}
    assert "so the accepted shares are not comparable" in report(2, [], change=change)


def test_first_model_has_no_change(html: str) -> None:
    assert "What the new labels changed" not in html


def test_change_without_more_labels_has_no_sentence() -> None:
    assert "The last" not in report(2, [], change=CHANGE | {"value": None, "coverage": None})
