import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest

from cli.page import Origin
from review.images import Reason
from review.overview import view
from review.overview.drawings import _round_up
from review.overview.parts import Missing
from review.overview.service_figures import Period, Waiting
from review.overview.snapshot import Snapshot
from tests.unit.review.reviews import MODEL, answer, audited, images

NOW = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
ORIGIN = Origin(NOW, "the local cloud")
MARKUP = '<script>alert("1")</script> & co'
GUARANTEE = {"precision": 0.95, "confidence": 0.95}
CARD: dict[str, Any] = {"model_digest": MODEL, "precision_guarantee": GUARANTEE}


@pytest.fixture
def snapshot() -> Snapshot:
    reviewed = images(
        *[audited("truck", "truck") for _ in range(20)],
        audited("van", "van", "truck"),
        [answer(audit=False, outcome="REVIEW", label=MARKUP, predicted=MARKUP, confidence=0.6)],
    )
    hours = [
        Period(
            NOW - timedelta(hours=hour), {"ACCEPTED": 5, "REVIEW": 2, "UNREADABLE": 0, "FAILED": 1}
        )
        for hour in (2, 1)
    ]
    waiting = [Waiting(Reason.REVIEW, 3, NOW - timedelta(hours=5)), Waiting(Reason.AUDIT, 0, None)]
    return Snapshot(NOW, "images", reviewed, waiting, hours, CARD)


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " ").split())


def test_content_says_what_the_audits_say(snapshot: Snapshot) -> None:
    shown = text(view.content(snapshot))
    assert "Not yet confirmed: at least 95.0 % of the accepted images are right" in shown
    assert "right: 20 of 21 audits" in shown


def test_content_says_how_many_audits_the_next_threshold_needs(snapshot: Snapshot) -> None:
    assert re.search(r"About [\d,]+ more audits , 21 have answers", text(view.content(snapshot)))


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (0, 0, "At least 118 more audits , 0 have answers"),
        (1, 1, "At least 116 more audits , 2 have answers. At no confidence are 95.0 % of the 2"),
        (80, 80, "More audits alone do not help"),
        (200, 0, "The 200 audits are enough. They allow a threshold of 0.9"),
    ],
)
def test_content_says_what_the_audits_allow(
    snapshot: Snapshot, right: int, wrong: int, expected: str
) -> None:
    labels = ["truck"] * right + ["van"] * wrong
    reviewed = images(*[audited(label, label) for label in labels])
    assert expected in text(view.content(replace(snapshot, images=reviewed)))


def test_content_shows_queue_with_the_age_of_the_oldest(snapshot: Snapshot) -> None:
    assert "3 for review, the oldest for 5 h" in text(view.content(snapshot))


def test_class_names_with_markup_are_shown_as_they_are(snapshot: Snapshot) -> None:
    html = view.content(snapshot)
    assert "<script" not in html
    assert "&lt;script&gt;alert" in html


def test_every_drawing_has_a_title(snapshot: Snapshot) -> None:
    html = view.content(snapshot)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert 4 == len(drawings)
    for drawing in drawings:
        assert re.match(r'<svg class="plot" role="img"[^>]*><title>[^<]+</title>', drawing)


@pytest.mark.parametrize("pattern", [r"\sstyle=", r"<script", r"\son\w+=", r"https?://", r"<img"])
def test_content_needs_no_inline_style_no_script_and_no_other_server(
    snapshot: Snapshot, pattern: str
) -> None:
    assert not re.search(pattern, view.content(snapshot))


def test_file_has_all_sections_and_forbids_scripts(snapshot: Snapshot) -> None:
    html = view.one_file(snapshot, ORIGIN)
    assert view.content(snapshot).strip() in html
    assert "default-src 'none'" in unescape(html)
    assert "<script" not in html
    assert "<link" not in html
    assert ".plot" in html
    assert "Made 2026-01-10 12:30 UTC from the local cloud" in text(html)


def test_missing_parts_say_why_and_the_others_are_shown(snapshot: Snapshot) -> None:
    refused = Missing("Your AWS credentials do not allow cloudwatch:GetMetricData.", True)
    shown = text(view.content(replace(snapshot, outcomes=refused, card=refused)))
    assert "Outcomes over time: Your AWS credentials do not allow" in shown
    assert "Model card: Your AWS" in shown
    assert "No threshold with a guarantee is deployed" in shown
    assert "right: 20 of 21 audits" in shown
    assert "the model of the latest answer" in shown


def test_overview_without_answers_says_so(snapshot: Snapshot) -> None:
    shown = text(view.content(replace(snapshot, images=[], outcomes=[])))
    assert "No audit of an accepted image has an answer yet" in shown
    assert "No answer is stored yet" in shown
    assert "no outcome of the last 14 days" in shown


def test_overview_without_the_reviews_table_shows_the_queue(snapshot: Snapshot) -> None:
    shown = text(view.content(replace(snapshot, images=Missing("It is gone."))))
    assert "Answers: It is gone." in shown
    assert "Audited precision" not in shown
    assert "the oldest for 5 h" in shown


def test_figures_are_those_of_the_deployed_model(snapshot: Snapshot) -> None:
    other = replace(snapshot, card=CARD | {"model_digest": "sha256:new"})
    shown = text(view.content(other))
    assert "sha256:new , the deployed model" in shown
    assert "No audit of an accepted image has an answer yet" in shown


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (47 * 60, "47 h"), (49 * 60, "2 days")],
)
def test_age_is_in_its_largest_unit(minutes: int, expected: str) -> None:
    assert expected == view.age(NOW, NOW - timedelta(minutes=minutes))


@pytest.mark.parametrize(("value", "expected"), [(0, 2), (3, 4), (10, 10), (11, 20), (2034, 3000)])
def test_scale_ends_at_a_round_number(value: int, expected: int) -> None:
    assert expected == _round_up(value)


def test_many_classes_are_shown_as_a_list(snapshot: Snapshot) -> None:
    reviewed = images(
        *[[answer(label=f"c{number}", predicted=f"c{number}")] for number in range(30)],
        [answer(label="c1", predicted="c2", probability=0.2)],
    )
    shown = text(view.content(replace(snapshot, images=reviewed)))
    assert "Answer Predicted class Images c1 c2 1" in shown
    assert "drawn with the shares 0.01, 0.2" in shown
