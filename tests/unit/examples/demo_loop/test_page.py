"""Show what the reviews changed."""

from collections import Counter
from datetime import UTC, datetime

from cli.page import Origin
from examples.demo_loop.figures import Figures
from examples.demo_loop.page import Reviews, render, with_interval
from review.images import Reason

BEFORE = Figures(300, 264, 200, covered=114, accepted=115, accepted_right=111, has_guarantee=False)
AFTER = Figures(300, 284, 200, covered=186, accepted=190, accepted_right=182, has_guarantee=True)
REVIEWS = Reviews(
    arrived=420,
    outcomes=Counter({"ACCEPTED": 150, "REVIEW": 270}),
    waited=Counter({Reason.REVIEW: 210, Reason.AUDIT: 84}),
    answers=Counter({Reason.REVIEW: 210, Reason.AUDIT: 84, Reason.SECOND_OPINION: 92}),
    error=0.046,
)
ORIGIN = Origin(datetime(2026, 1, 2, tzinfo=UTC), "the local cloud")


def test_sentence_counts_the_third_answers() -> None:
    assert "386 answers; 8 audits needed a third one." in REVIEWS.sentence


def test_share_has_an_interval_and_its_n() -> None:
    assert "94.7 % (91.5 to 96.7 %, n = 300)" == with_interval((284, 300))


def test_share_of_no_photo_is_unknown() -> None:
    assert "- (n = 0)" == with_interval((0, 0))


def test_page_shows_both_models_and_the_lack_of_a_guarantee() -> None:
    html = render(BEFORE, AFTER, REVIEWS, ORIGIN)
    assert "accuracy 88.0&nbsp;% before, 94.7&nbsp;% after" in html
    assert "the default, without a guarantee" in html
    assert "93.0 % (88.6 to 95.8 %, n = 200)" in html
    assert 1 == html.count("<svg ")
