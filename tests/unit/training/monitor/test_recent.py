"""Where the recent decisions come from, and at which thresholds the held-out ones are held beside them."""

from datetime import timedelta

from tests.unit.training.monitor.conftest import NOW, STACK, Record
from training.acceptance import NEVER
from training.monitor.comparison import LEAST_IMAGES
from training.monitor.recent import read_recent
from training.step import Context

CARD = {"labels": ["bus", "car", "other"], "temperature": 1.0, "recommended_threshold": 0.7, "other_class": "other"}


def test_thresholds_are_those_recorded_or_else_the_model_card_s(context: Context, record: Record) -> None:
    for _ in range(LEAST_IMAGES):
        record("car", 0.9, threshold=0.95)
    record("other", 0.99, threshold=0.95)
    recent = read_recent(context, CARD, STACK, NOW - timedelta(hours=1), most=500)
    assert {"bus": 0.7, "car": 0.95, "other": NEVER} == recent.thresholds
