"""Find recent decisions, compare both samples at one threshold, and report small samples."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.training.results_records import NOW, STACK, Record
from training.service.errors import TooFewRecentImagesError
from training.service.recent import Recent, Window, read_recent
from training.statistics.acceptance import NEVER
from training.statistics.drift import LEAST_IMAGES
from training.statistics.sample import Sample
from training.steps.context import Context

CARD = {
    "labels": ["bus", "car", "other"],
    "temperature": 1.0,
    "recommended_threshold": 0.7,
    "other_class": "other",
}
HOUR = Window(NOW - timedelta(hours=1), most=500, whole=False)


def test_thresholds_are_those_recorded_or_else_the_model_card_s(
    account_context: Context, record: Record
) -> None:
    for _ in range(LEAST_IMAGES):
        record("car", 0.9, threshold=0.95)
    record("other", 0.99, threshold=0.95)
    recent = read_recent(account_context.aws, account_context.names.endpoint, CARD, STACK, HOUR)
    assert {"bus": 0.7, "car": 0.95, "other": NEVER} == recent.thresholds


def test_records_of_another_variant_than_the_model_card_s_are_not_read(
    account_context: Context, record: Record
) -> None:
    for number in range(2 * LEAST_IMAGES):
        record("car", variant="AllTraffic" if number % 2 else "b")
    assert (
        LEAST_IMAGES
        == read_recent(
            account_context.aws,
            account_context.names.endpoint,
            CARD | {"variant": "AllTraffic"},
            STACK,
            HOUR,
        ).records
    )


@pytest.mark.parametrize(
    ("whole", "advice"), [(False, "larger --days"), (True, "whole time since the reference")]
)
def test_too_few_images_are_an_error_with_a_remedy(
    account_context: Context, record: Record, whole: bool, advice: str
) -> None:
    record("car")
    with pytest.raises(TooFewRecentImagesError, match=f"there are 1 records .* {advice}"):
        read_recent(
            account_context.aws,
            account_context.names.endpoint,
            CARD,
            STACK,
            Window(HOUR.since, HOUR.most, whole),
        )


@pytest.mark.parametrize(("days", "whole"), [(2, False), (4, True)])
def test_window_ends_where_the_reference_was_made(days: int, whole: bool) -> None:
    made_at = datetime.now(UTC) - timedelta(days=3)
    window = Window.of(days, made_at, most=500)
    assert whole == window.whole
    assert whole == (window.since == made_at)


@pytest.mark.parametrize(
    ("captured", "capturing", "notes"),
    [
        (50, True, []),
        (49, True, ["Images: not compared (49 captured, 50 needed)."]),
        (
            0,
            False,
            [
                "Images: not compared (0 captured, 50 needed).",
                "Only `scones deploy --capture SHARE` stores images.",
            ],
        ),
    ],
)
def test_notes_say_that_images_were_not_compared_and_why(
    captured: int, capturing: bool, notes: list[str]
) -> None:
    assert notes == Recent(Sample(), {}, 50, captured, capturing).notes
