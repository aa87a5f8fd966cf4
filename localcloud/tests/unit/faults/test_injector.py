"""Count subjects at each point, and injected faults."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud.faults.injector import Injector
from localcloud.faults.kinds import DYNAMODB_READ, DYNAMODB_WRITE, INVOKE_ENDPOINT
from localcloud.faults.plan import Plan, Target

SLOW = "endpoint-slow"
GARBAGE = "endpoint-garbage"
IMAGE = "parcels/a.png"


def struck_kinds(injector: Injector, times: int, subject: str = IMAGE) -> list[str | None]:
    strikes = [injector.strike(INVOKE_ENDPOINT, subject) for _ in range(times)]
    return [strike.kind if strike else None for strike in strikes]


@pytest.fixture
def injector() -> Injector:
    return Injector()


def test_without_a_plan_nothing_is_struck(injector: Injector) -> None:
    assert [None] * 3 == struck_kinds(injector, 3)


def test_target_strikes_at_the_occurrence_it_names(injector: Injector) -> None:
    injector.follow(Plan(targets=(Target(SLOW, "a.png", first=2),)))
    assert [None, SLOW, None] == struck_kinds(injector, 3)


def test_subjects_are_counted_separately(injector: Injector) -> None:
    injector.follow(Plan(targets=(Target(SLOW, "", first=2),)))
    struck_kinds(injector, 1, "parcels/b.png")
    assert [None, SLOW] == struck_kinds(injector, 2)


def test_points_are_counted_separately(injector: Injector) -> None:
    injector.follow(Plan(targets=(Target("dynamodb-throttled", "", first=2),)))
    injector.strike(DYNAMODB_READ, IMAGE)
    assert injector.strike(DYNAMODB_WRITE, IMAGE) is None


def test_one_of_two_kinds_strikes_at_a_point(injector: Injector) -> None:
    injector.follow(Plan(rates={SLOW: 1, GARBAGE: 1}))
    assert [GARBAGE] == struck_kinds(injector, 1)
    assert {GARBAGE: 1} == injector.report()["injected"]


def test_passes_are_counted_by_kind_struck_or_not(injector: Injector) -> None:
    injector.follow(Plan(targets=(Target(SLOW, "a.png"),)))
    struck_kinds(injector, 2)
    struck_kinds(injector, 1, "parcels/b.png")
    assert {IMAGE: 2, "parcels/b.png": 1} == injector.passed(GARBAGE)
    assert {} == injector.passed("ssm-throttled")


def test_new_plan_resets_the_counts(injector: Injector) -> None:
    plan = Plan(targets=(Target(SLOW, "a.png"),))
    injector.follow(plan)
    before = struck_kinds(injector, 2)
    injector.follow(plan)
    assert before == [SLOW, None]
    assert {} == injector.report()["injected"]
    assert [SLOW] == struck_kinds(injector, 1)


def test_after_healing_nothing_is_struck_and_counts_stay(injector: Injector) -> None:
    injector.follow(Plan(5, {SLOW: 1}))
    struck_kinds(injector, 2)
    injector.heal()
    assert [None] == struck_kinds(injector, 1)
    assert {SLOW: 2} == injector.report()["injected"]


def test_subject_is_named_by_the_plan_also_after_healing(injector: Injector) -> None:
    request = {"picture": "s3://files/a.png"}
    assert injector.subject_of(request) is None
    injector.follow(Plan(subject_members=("picture",)))
    injector.heal()
    assert "a.png" == injector.subject_of(request)
    assert "a.png" == injector.subject_in(json.dumps(request))


def test_draw_is_the_same_at_every_run() -> None:
    draws = []
    for _ in range(2):
        injector = Injector()
        injector.follow(Plan(5, {SLOW: 1}))
        draws.append([injector.strike(INVOKE_ENDPOINT, str(number)) for number in range(9)])
    assert draws[0] == draws[1]
    assert 9 == len(set(draws[0]))


def test_threads_lose_no_count(injector: Injector) -> None:
    injector.follow(Plan(rates={SLOW: 1}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: struck_kinds(injector, 100), range(8)))
    assert {SLOW: 800} == injector.report()["injected"]


def test_arrival_order_does_not_change_the_injected_faults() -> None:
    images = [f"parcels/{number}.png" for number in range(200)]
    struck = []
    for order in (images, images[::-1]):
        injector = Injector()
        injector.follow(Plan(1, {SLOW: 0.2, GARBAGE: 0.2}))
        struck.append({image: struck_kinds(injector, 2, image) for image in order})
    assert struck[0] == struck[1]
