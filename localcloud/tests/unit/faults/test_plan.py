"""Decide faults by the plan, the kind, the subject and the occurrence only."""

from typing import Any

import pytest

from localcloud.faults.plan import InvalidPlanError, Plan, Target, strikes

SLOW = "endpoint-slow"
IMAGES = [f"parcels/{number}.png" for number in range(1000)]


def struck(plan: Plan, kind: str = SLOW, occurrence: int = 1) -> set[str]:
    return {image for image in IMAGES if strikes(plan, kind, image, occurrence)}


def test_same_seed_strikes_the_same_images() -> None:
    assert struck(Plan(1, {SLOW: 0.1})) == struck(Plan(1, {SLOW: 0.1}))


def test_rate_is_the_share_of_images_that_are_struck() -> None:
    assert 100 == pytest.approx(len(struck(Plan(1, {SLOW: 0.1}))), abs=30)


@pytest.mark.parametrize(("expected", "rate"), [(0, 0), (1000, 1)])
def test_rate_of_0_strikes_none_and_of_1_strikes_all(expected: int, rate: float) -> None:
    assert expected == len(struck(Plan(1, {SLOW: rate})))


def test_higher_rate_strikes_the_same_images_and_others() -> None:
    assert struck(Plan(1, {SLOW: 0.1})) < struck(Plan(1, {SLOW: 0.2}))


def test_other_seed_other_kind_and_other_occurrence_strike_other_images() -> None:
    rates = {SLOW: 0.5, "endpoint-garbage": 0.5}
    variants = [
        struck(Plan(1, rates)),
        struck(Plan(2, rates)),
        struck(Plan(1, rates), "endpoint-garbage"),
        struck(Plan(1, rates), occurrence=2),
    ]
    assert 4 == len({frozenset(variant) for variant in variants})


def test_kind_without_a_rate_never_strikes() -> None:
    assert set() == struck(Plan(1, {SLOW: 1}), "endpoint-garbage")


def test_target_strikes_subjects_with_its_text_at_its_occurrences() -> None:
    plan = Plan(targets=(Target(SLOW, "/7.", first=2, times=2),))
    assert [set(), {"parcels/7.png"}, {"parcels/7.png"}, set()] == [
        struck(plan, occurrence=number) for number in range(1, 5)
    ]


def test_target_strikes_no_other_kind() -> None:
    assert set() == struck(Plan(targets=(Target(SLOW, "/7."),)), "endpoint-garbage")


def test_plan_survives_its_way_through_the_control_endpoint() -> None:
    plan = Plan(3, {SLOW: 0.5}, (Target(SLOW, "a"),), ("picture",))
    assert plan == Plan.parse(plan.document())


@pytest.mark.parametrize(
    ("complaint", "document"),
    [
        ("Unknown kinds of faults: endpoint-slo", {"rates": {"endpoint-slo": 0.1}}),
        ("Unknown kinds of faults: slow", {"targets": [{"kind": "slow", "contains": ""}]}),
        ("Known kinds: endpoint-throttled, ", {"rates": {"x": 0}}),
        ("from 0 to 1", {"rates": {SLOW: 1.5}}),
        ("from 0 to 1", {"rates": {SLOW: "0.5"}}),
        ("from 0 to 1", {"rates": {SLOW: float("nan")}}),
        ("must be integers", {"seed": "one"}),
        ("must be integers", {"targets": [{"kind": SLOW, "contains": "", "times": 0.5}]}),
        ("must be a text", {"targets": [{"kind": SLOW, "contains": 1}]}),
        ("The plan is not", {"targets": [{"kind": SLOW}]}),
        ("The plan is not", {"targets": [{"kind": SLOW, "contains": "", "at": 1}]}),
        ("The plan is not", {"rates": [SLOW]}),
        ("`subject_members` must be texts", {"subject_members": [1]}),
        ("The plan is not", [1]),
        ("The plan is not", None),
    ],
)
def test_invalid_plan_is_refused_with_the_reason(complaint: str, document: Any) -> None:
    with pytest.raises(InvalidPlanError, match=complaint):
        Plan.parse(document)
