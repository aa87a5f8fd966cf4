"""The event of an object in a versioned bucket names the version."""

import json
from typing import Any

import pytest
from ministack.services import eventbridge, s3


@pytest.fixture
def events(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The details of the events of a bucket with events for EventBridge."""
    details: list[dict[str, Any]] = []
    monkeypatch.setattr(eventbridge, "_rules", {})
    monkeypatch.setattr(
        eventbridge,
        "_pattern_event_view",
        lambda event: details.append(json.loads(event["Detail"])),
    )
    s3._bucket_notifications["images"] = "<EventBridgeConfiguration/>"

    return details


def announce(version_id: str | None) -> None:
    s3._fire_s3_event(
        "images", "parcels/a b+c.png", "s3:ObjectCreated:Put", 3, "etag", version_id=version_id
    )


def test_event_of_a_versioned_object_names_the_version(events: list[dict[str, Any]]) -> None:
    announce("version-1")
    assert ["version-1"] == [event["object"]["version-id"] for event in events]


def test_event_of_an_unversioned_object_has_no_version(events: list[dict[str, Any]]) -> None:
    announce(None)
    assert [("parcels/a b+c.png", False)] == [
        (e["object"]["key"], "version-id" in e["object"]) for e in events
    ]


def test_version_is_not_repeated_in_the_next_event(events: list[dict[str, Any]]) -> None:
    announce("version-1")
    announce(None)
    assert [True, False] == ["version-id" in event["object"] for event in events]
