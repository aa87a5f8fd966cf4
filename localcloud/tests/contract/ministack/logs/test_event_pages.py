"""FilterLogEvents returns every event once, in pages, and each event has an id."""

import base64
from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from ministack.services import cloudwatch_logs

from localcloud.ministack.logs import event_pages
from localcloud.server.cloud import Cloud

NOW = int(time() * 1000)
# The streams are not in the order of their names. Both have two events of one millisecond.
WRITTEN = {"b": [("b1", 0), ("b2", 1), ("b3", 1)], "a": [("a1", 1), ("a2", 1), ("a3", 2)]}
IN_ORDER = ["b1", "a1", "a2", "b2", "b3", "a3"]


@pytest.fixture
def group(cloud: Cloud) -> Iterator[str]:
    """Return a log group with six events in two streams."""
    logs, name = cloud.client("logs"), f"/tests/{uuid4().hex}"
    logs.create_log_group(logGroupName=name)

    for stream, lines in WRITTEN.items():
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        put(cloud, name, stream, lines)

    yield name
    logs.delete_log_group(logGroupName=name)


def put(cloud: Cloud, group: str, stream: str, lines: list[tuple[str, int]]) -> None:
    events = [{"timestamp": NOW + after, "message": message} for message, after in lines]
    place = {"logGroupName": group, "logStreamName": stream}
    cloud.client("logs").put_log_events(**place, logEvents=events)


def pages(cloud: Cloud, group: str, **request: Any) -> list[list[str]]:
    """Return the messages of all pages of two events."""
    paginator = cloud.client("logs").get_paginator("filter_log_events")
    found = paginator.paginate(logGroupName=group, PaginationConfig={"PageSize": 2}, **request)
    return [[event["message"] for event in page["events"]] for page in found]


def test_pages_have_every_event_once_in_the_order_of_time(cloud: Cloud, group: str) -> None:
    assert [IN_ORDER[:2], IN_ORDER[2:4], IN_ORDER[4:]] == pages(cloud, group)


def test_newest_events_come_first_on_request(cloud: Cloud, group: str) -> None:
    newest_first = IN_ORDER[::-1]
    found = pages(cloud, group, startFromHead=False)
    assert [newest_first[:2], newest_first[2:4], newest_first[4:]] == found


def test_pages_hold_only_events_of_the_request(cloud: Cloud, group: str) -> None:
    assert [["a1", "a2"], ["a3"]] == pages(cloud, group, logStreamNamePrefix="a")
    assert [["b1", "b2"], ["b3"]] == pages(cloud, group, logStreamNames=["b"])
    assert [["a3"]] == pages(cloud, group, filterPattern="a3")
    assert [["b1"]] == pages(cloud, group, endTime=NOW)
    assert [["a3"]] == pages(cloud, group, startTime=NOW + 2)


def test_events_that_arrive_between_two_pages_repeat_no_event(cloud: Cloud, group: str) -> None:
    logs = cloud.client("logs")
    first = logs.filter_log_events(logGroupName=group, limit=3)
    put(cloud, group, "a", [("late", 0), ("new", 3)])
    second = logs.filter_log_events(logGroupName=group, nextToken=first["nextToken"])
    assert [*IN_ORDER[3:], "new"] == [event["message"] for event in second["events"]]
    assert "nextToken" not in second


def test_page_ends_before_a_megabyte(ministack: Any) -> None:
    cloudwatch_logs._create_log_group({"logGroupName": "/one"})
    cloudwatch_logs._create_log_stream({"logGroupName": "/one", "logStreamName": "a"})
    stream = cloudwatch_logs._log_groups["/one"]["streams"]["a"]
    events = [{"timestamp": NOW, "ingestionTime": NOW, "message": "x" * 400_000} for _ in range(3)]
    cloudwatch_logs._append_log_events(stream, events)
    found = event_pages._events({"a": stream}, {}, True)
    page, following = event_pages._page(found, {}, True)

    assert 2 == len(page)
    assert ["nextToken"] == list(following)


def test_event_of_a_service_has_an_id(ministack: Any) -> None:
    cloudwatch_logs._create_log_group({"logGroupName": "/one"})
    cloudwatch_logs._create_log_stream({"logGroupName": "/one", "logStreamName": "a"})
    stream = cloudwatch_logs._log_groups["/one"]["streams"]["a"]
    line = {"timestamp": NOW, "ingestionTime": NOW, "message": "from a function"}
    cloudwatch_logs._append_log_events(stream, [dict(line), dict(line)])
    first, second = stream["events"]

    assert first["eventId"] != second["eventId"]


def test_event_keeps_its_id_so_that_tail_can_follow(cloud: Cloud, group: str) -> None:
    logs = cloud.client("logs")

    def ids() -> list[str]:
        answer = logs.filter_log_events(logGroupName=group, interleaved=True, startTime=NOW)
        return [event["eventId"] for event in answer["events"]]

    assert 6 == len(set(ids()))
    assert ids() == ids()


@pytest.mark.parametrize(
    ("request_members", "message"),
    [
        ({"nextToken": "token"}, "The specified nextToken is invalid"),
        ({"nextToken": base64.b64encode(b"7").decode()}, "The specified nextToken is invalid"),
        ({"logStreamNames": ["a"], "logStreamNamePrefix": "a"}, "cannot be specified together"),
    ],
)
def test_broken_token_and_contradicting_streams_are_refused(
    cloud: Cloud, group: str, request_members: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=f"InvalidParameterException.*{message}"):
        cloud.client("logs").filter_log_events(logGroupName=group, **request_members)
