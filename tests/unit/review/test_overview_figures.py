from dataclasses import replace

import pytest

from review.images import Verdict
from review.overview import figures
from review.overview.next_threshold import DEFAULT, Prospect, guarantee_of, needs
from review.overview.reviewer_figures import pairs_of_reviewers, reviewers
from tests.unit.review.reviews import answer, audited, images
from training.statistics.betting_bound import State
from training.statistics.precision_guarantee import PrecisionGuarantee

RIGHT = ("truck", "truck")  # two reviewers confirm the prediction
WRONG = ("van", "van")


def test_audits_and_images_for_review_are_shown_apart() -> None:
    found = images([answer(audit=True)], [answer(audit=False, outcome="REVIEW")])
    assert [True] == [image.audit for image in figures.audits(found)]
    assert [False] == [image.audit for image in figures.for_review(found)]


def test_answers_without_the_decision_of_the_machine_are_left_out() -> None:
    assert [] == images([replace(answer(), machine=None)])


def test_reliability_groups_by_confidence_and_leaves_unusable_images_out() -> None:
    found = images(
        [answer(confidence=0.92)],
        [answer(confidence=0.94, label="van")],
        [answer(confidence=0.93, verdict=Verdict.NONE_OF_THESE)],
        [answer(confidence=0.93, verdict=Verdict.NOT_USABLE)],
        [answer(confidence=1.0)],
    )
    low, high = figures.reliability(found)
    assert 0.9 == low.low
    assert 0.95 == low.high
    assert 3 == low.n
    assert 1 == low.right
    assert pytest.approx(0.93) == low.confidence
    assert low.interval[0] < low.share < low.interval[1]
    assert 1 == high.n


def test_confusion_has_answers_that_are_not_classes_last() -> None:
    found = figures.confusion(
        images(
            [answer(label="van", predicted="truck")],
            [answer(label="truck", predicted="truck")],
            [answer(verdict=Verdict.NONE_OF_THESE, predicted="bus")],
            [answer(verdict=Verdict.NOT_USABLE, predicted="bus")],
        )
    )
    assert ["bus", "truck"] == found.predictions
    assert ["bus", "truck", "van", "none of these", "not usable"] == found.answers
    assert [[0, 0], [0, 1], [0, 1], [1, 0], [1, 0]] == found.counts
    assert 1 == found.most


def test_many_classes_have_a_list_of_disagreements_the_most_frequent_first() -> None:
    names = [f"class {number}" for number in range(30)]
    agreeing = [[answer(label=name, predicted=name)] for name in names]
    one = [[answer(label="class 1", predicted="class 2")]]
    two = [[answer(label="class 5", predicted="class 3")] for _ in range(2)]
    found = figures.confusion(images(*agreeing, *one, *two))
    assert not found.is_small
    assert [("class 5", "class 3", 2), ("class 1", "class 2", 1)] == found.disagreements


def test_shares_that_audits_were_drawn_with_are_listed() -> None:
    found = images([answer(probability=0.2)], [answer(probability=0.01)], [answer(audit=False)])
    assert [0.01, 0.2] == figures.audit_shares(found)


def test_class_that_is_called_like_a_verdict_is_one_row() -> None:
    found = figures.confusion(images([answer(label="not usable", predicted="not usable")]))
    assert ["not usable"] == found.answers


def test_precision_counts_settled_audits_of_accepted_images_alone() -> None:
    found = figures.audited_precision(
        images(
            audited(*RIGHT),
            audited(*WRONG),
            audited(Verdict.NOT_USABLE, Verdict.NOT_USABLE),
            audited(*WRONG, outcome="REVIEW"),
            [answer(audit=False)],
        )
    )
    assert 1 == found.right
    assert 2 == found.n
    assert 1 == found.not_usable
    assert 0 == found.waiting


def test_waiting_audit_that_contradicts_the_gate_counts_against_each_bound() -> None:
    settled = [audited(*RIGHT) for _ in range(100)]
    before = figures.audited_precision(images(*settled))
    disputed = audited("van", "truck")
    agreeing = audited("truck")
    after = figures.audited_precision(images(disputed, agreeing, *settled))
    assert State.CONFIRMED == before.state(0.95)
    assert 2 == after.waiting
    assert 101 == after.lower.n
    assert 100 == after.lower.right
    assert 102 == after.upper.right


def test_broken_guarantee_is_an_alarm() -> None:
    found = figures.audited_precision(images(*[audited(*WRONG) for _ in range(10)]))
    assert State.ALARM == found.state(0.95)
    assert found.more_needed(0.95) is None


def test_nothing_is_confirmed_without_audits() -> None:
    found = figures.audited_precision([])
    assert (0.0, 1.0) == found.bounds
    assert State.NOT_YET == found.state(0.95)


def test_reviewers_are_compared_on_images_that_others_answered() -> None:
    found = images(
        audited("truck", "truck"),
        audited("van", "truck", "van"),
        [answer(reviewer="anne", audit=False, seconds=8.0)],
    )
    by_name = {one.name: one for one in reviewers(found)}
    assert 3 == by_name["anne"].answers
    assert 2.0 == by_name["anne"].median_seconds
    anne, carl = by_name["anne"].with_others, by_name["carl"].with_others
    assert anne is not None
    assert carl is not None
    assert 3 == anne.n  # once with bert, once with bert and carl
    assert pytest.approx(2 / 3) == anne.share
    assert 0.5 == carl.share


def test_pairs_of_reviewers_are_those_with_a_common_image() -> None:
    found = pairs_of_reviewers(images(audited("truck", "truck"), audited("van", "truck")))
    [pair] = found
    assert ("anne", "bert") == pair.names
    assert 2 == pair.agreement.n


def test_reviewer_without_common_images_has_no_agreement() -> None:
    [one] = reviewers(images([answer()]))
    assert one.with_others is None


def test_models_are_listed_by_their_latest_answer() -> None:
    found = figures.models(images([answer(model="old")], [answer(model="new", audit=False)]))
    assert ["new", "old"] == [model.digest for model in found]
    assert [0, 1] == [model.audits for model in found]


# ------------------------------------------------------------ audits for the next threshold


def test_guarantee_is_that_of_the_deployed_threshold() -> None:
    card = {"precision_guarantee": {"precision": 0.98, "confidence": 0.9}}
    assert PrecisionGuarantee(0.98, 0.9) == guarantee_of(card)
    assert DEFAULT == guarantee_of(None)
    assert DEFAULT == guarantee_of({"precision_guarantee": None})


def test_no_audit_needs_twice_the_fewest_right_ones() -> None:
    [need] = needs([], None)
    assert 118 == need.more  # 59 right ones calibrate (0.95 at 0.95), and as many test
    assert need.uploads is None


def test_audits_that_are_missing_come_with_uploads() -> None:
    [need] = needs(images(*[audited(*RIGHT) for _ in range(18)]), None)
    assert 18 == need.audits
    assert 100 == need.more
    assert 10_000 == need.uploads  # at a share of 0.01


def test_enough_audits_allow_a_threshold() -> None:
    [need] = needs(images(*[audited(*RIGHT) for _ in range(200)]), None)
    assert Prospect.POSSIBLE == need.prospect
    assert 0 == need.more
    assert 0.9 == need.threshold
    assert 1 == need.coverage


def test_audits_for_review_count_for_the_threshold_too() -> None:
    found = images(*[audited(*RIGHT, outcome="REVIEW") for _ in range(18)])
    assert 18 == needs(found, None)[0].audits


def test_images_for_review_never_count_for_the_threshold() -> None:
    assert 0 == needs(images([answer(audit=False)]), None)[0].audits


def test_few_audits_with_too_many_wrong_ones_leave_the_prospect_open() -> None:
    found = images(*[audited(*(RIGHT if n % 2 else WRONG)) for n in range(20)])
    [need] = needs(found, None)
    assert Prospect.OPEN == need.prospect
    assert 98 == need.more  # 118 at least


def test_more_audits_do_not_help_where_the_precision_is_excluded() -> None:
    found = images(*[audited(*(RIGHT if n % 2 else WRONG)) for n in range(200)])
    [need] = needs(found, None)
    assert Prospect.EXCLUDED == need.prospect


def test_waiting_and_unusable_audits_do_not_count() -> None:
    found = images(audited("truck"), audited(Verdict.NOT_USABLE, Verdict.NOT_USABLE))
    assert 0 == needs(found, None)[0].audits


def test_each_class_has_its_need_where_classes_have_thresholds() -> None:
    card = {
        "labels": ["other", "truck", "van"],
        "other_class": "other",
        "class_thresholds": {"truck": 0.8, "van": None},
    }
    found = needs(images(audited(*RIGHT), audited("van", "van", predicted="other")), card)
    assert ["truck", "van"] == [need.name for need in found]
    assert [1, 0] == [need.audits for need in found]
    assert 0.975 == found[0].guarantee.confidence
