"""Faults change how often and when S3's events reach the target of a rule."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import eventbridge, s3, sqs

from localcloud.faults.plan import Plan
from localcloud.tests.contract.injected import Injected, injected

QUEUES_ARN = "arn:aws:sqs:us-east-1:000000000000:"
ALLOW = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
}


@pytest.fixture(autouse=True)
def rule(ministack: Any) -> Iterator[None]:
    """Create a bucket with events for EventBridge, and a rule that puts them into a queue."""
    for queue in ("arrived", "dead-letters"):
        policy = json.dumps({"Statement": [{**ALLOW, "Resource": QUEUES_ARN + queue}]})
        sqs._act_create_queue({"QueueName": queue, "Attributes": {"Policy": policy}}, "")

    eventbridge._ensure_default_bus()
    eventbridge._put_rule(
        {"Name": "uploads", "EventPattern": json.dumps({"source": ["aws.s3", "tests"]})}
    )
    _put_target({"DeadLetterConfig": {"Arn": f"{QUEUES_ARN}dead-letters"}})
    s3._bucket_notifications["images"] = "<EventBridgeConfiguration/>"
    yield
    s3._bucket_notifications.clear()


@pytest.fixture
def faults(rule: None) -> Iterator[Injected]:
    with injected() as faults:
        yield faults


def _put_target(fields: dict[str, Any]) -> None:
    eventbridge._put_targets(
        {"Rule": "uploads", "Targets": [{"Id": "1", "Arn": f"{QUEUES_ARN}arrived", **fields}]}
    )


def _create(*names: str, version_id: str | None = None) -> None:
    for name in names:
        s3._fire_s3_event(
            "images", f"parcels/{name}", "s3:ObjectCreated:Put", version_id=version_id
        )


def _arrived(queue: str = "arrived") -> list[str]:
    """Return the names of the images whose events are in a queue, in order."""
    events = [
        json.loads(message["body"]) for message in sqs._queue_by_arn(QUEUES_ARN + queue)["messages"]
    ]
    return [event["detail"]["object"]["key"].removeprefix("parcels/") for event in events]


def test_without_a_fault_every_event_arrives_once(faults: Injected) -> None:
    _create("a", "b")
    assert ["a", "b"] == _arrived()


def test_duplicated_event_arrives_at_once_and_again(faults: Injected) -> None:
    faults.strike("event-duplicated")
    _create("a")
    at_once = len(_arrived())
    faults.held.release()

    assert 2 == at_once
    assert {"a"} == set(_arrived())
    assert len(_arrived()) <= 4


@pytest.mark.parametrize("kind", ["event-late", "event-shuffled"])
def test_held_event_arrives_when_it_is_released(faults: Injected, kind: str) -> None:
    faults.strike(kind)
    _create("a")
    assert [] == _arrived()
    faults.held.release()
    assert ["a"] == _arrived()


def test_held_events_arrive_in_another_order(faults: Injected) -> None:
    faults.strike("event-shuffled")
    _create("a", "b", "c")
    faults.held.release()
    assert ["c", "b", "a"] == _arrived()


def test_held_event_names_its_version(faults: Injected) -> None:
    faults.strike("event-late")
    _create("a", version_id="v1")
    faults.held.release()
    [message] = sqs._queue_by_arn(f"{QUEUES_ARN}arrived")["messages"]
    assert "v1" == json.loads(message["body"])["detail"]["object"]["version-id"]


def test_dead_lettered_event_is_only_in_the_queue_of_the_target(faults: Injected) -> None:
    faults.strike("event-dead-lettered")
    _create("a")
    assert [] == _arrived()
    assert ["a"] == _arrived("dead-letters")


def test_event_for_a_target_without_a_queue_is_never_lost(faults: Injected) -> None:
    _put_target({})
    faults.strike("event-dead-lettered")
    _create("a")
    assert ["a"] == _arrived()


def test_other_events_get_no_fault(faults: Injected) -> None:
    faults.injector.follow(Plan(rates=dict.fromkeys(("event-late", "event-dead-lettered"), 1)))
    s3._fire_s3_event("images", "parcels/a", "s3:ObjectRemoved:Delete")
    eventbridge._put_events(
        {"Entries": [{"Source": "tests", "DetailType": "Object Created", "Detail": "{}"}]}
    )
    assert 2 == len(sqs._queue_by_arn(f"{QUEUES_ARN}arrived")["messages"])
